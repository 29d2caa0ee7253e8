#include "shim/exec/plant.h"

#include <linux/mman.h>
#include <linux/ptrace.h>

#include "shim/exec/flights.h"
#include "shim/exec/helper.h"
#include "shim/exec/new_program.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/memory/pages.h"
#include "shim/sandbox/kept.h"
#include "shim/signals/masks.h"
#include "shim/start/log.h"

namespace abishim::exec {
namespace {

// The image's range as mmap(2) wants it: a hint. (MAP_FIXED_NOREPLACE is ignored before 4.17, and
// trapped where abishim translates it.)
struct Place {
  Word a[6] = {image::OwnBase(), image::Size(), PROT_READ | PROT_EXEC, MAP_PRIVATE, ~Word{0}, 0};
};

class Planter {
 public:
  Planter(Job* job, long pid) : job_(job), pid_(pid), program_(pid) {}

  void Plant();

 private:
  bool MapFile();
  bool MapBytes();
  bool WriteBytes();
  bool LayParcel();
  bool IsOurFile();
  void Begin(bool planted);

  Job* const job_;
  const long pid_;
  NewProgram program_;
  arch::TraceeRegisters start_ = {};  // of the program
  Word parcel_ = 0;                   // in the program's memory
  Word at_ = 0;                       // where the last mapping came to lie, or -errno
  int fd_ = -1;                       // the library, where the program opened it
  bool of_file_ = false;              // the image there is a mapping of that
};

bool Planter::IsOurFile() {
  alignas(Word) char there[image::kIdentityBytes];
  return program_.Read(image::OwnBase(), there, sizeof(there)) && image::IsIdentity(there);
}

// By the program itself, from the library as it sees that: pages that all programs share.
bool Planter::MapFile() {
  if (job_->parcel.handover.settings.library[0] == '\0' || sandbox::g_kept.load() != 0) return true;
  const Word path = parcel_ + __builtin_offsetof(Parcel, handover.settings.library);
  Place place;
  if (!program_.RunStub(start_, parcel_, path, place.a)) return false;
  fd_ = static_cast<int>(arch::Descriptor(program_.registers));
  at_ = arch::Result(program_.registers);
  of_file_ = at_ == image::OwnBase() && IsOurFile();
  return true;
}

// Where there is no such file: chroot, an upgrade, a full table of descriptors. The bytes are those
// of our own copy, which nobody can have changed: what is writable in it begins as zeros
// (tests/image/link.sh).
bool Planter::MapBytes() {
  Place place;
  place.a[3] |= MAP_ANONYMOUS;
  if (at_ == image::OwnBase()) place.a[3] |= MAP_FIXED;  // some other file has been mapped
  if (!program_.RunStub(start_, parcel_, 0, place.a)) return false;
  at_ = arch::Result(program_.registers);
  return true;
}

bool Planter::WriteBytes() {
  for (const image::Part& part : image::Parts()) {
    if (part.writable) continue;
    if (!program_.Write(part.start, reinterpret_cast<const void*>(part.start), part.bytes)) {
      return false;
    }
  }
  sandbox::HandOn(
      [](void* program, void* at, Word bytes) {
        static_cast<NewProgram*>(program)->Write(reinterpret_cast<Word>(at), at, bytes);
      },
      &program_);
  return true;
}

bool Planter::LayParcel() {
  CollectFlights(job_->pid, &job_->parcel.handover);
  job_->parcel.entry = arch::ProgramCounter(start_);
  job_->parcel.stack = arch::StackPointer(start_);
  parcel_ = (job_->parcel.stack - sizeof(Parcel)) & ~Word{15};
  return program_.Write(parcel_, &job_->parcel, sizeof(Parcel));
}

// No signal may come between here and the agent. (int3 has unblocked SIGTRAP. Before 3.11 there is
// no such request, and only a SIGTRAP that somebody sends could come.)
void Planter::Begin(bool planted) {
  const Word mask = planted ? ~signals::Bit(signals::kSigsys) : job_->parcel.handover.mask;
  Ptrace(PTRACE_SETSIGMASK, pid_, sizeof(mask), reinterpret_cast<Word>(&mask));
  program_.TakeStubAway();
  if (planted) {
    start_ = arch::ForCall(start_, reinterpret_cast<Word>(&abishim_agent), parcel_,
                           {parcel_, static_cast<Word>(fd_), of_file_});
  }
  program_.SetRegisters(start_);
}

void Complain(const char* what) { start::Line().Text("exec: ").Text(what).Write(start::Log()); }

void Planter::Plant() {
  if (!program_.GetRegisters() || !arch::IsNative(program_.registers)) return;
  start_ = program_.registers;
  if (!program_.PlantStub(memory::PageOf(arch::ProgramCounter(start_))) || !LayParcel()) {
    return Complain("the new program cannot be written to");
  }
  if (!MapFile() || (!of_file_ && !MapBytes())) return;  // it is gone
  const bool planted = of_file_ || (at_ == image::OwnBase() && WriteBytes());
  if (!planted) Complain("no place for the image in the new program");
  Begin(planted);
}

}  // namespace

void Plant(Job* job, long pid) { Planter(job, pid).Plant(); }

}  // namespace abishim::exec
