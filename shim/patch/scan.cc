#include "shim/patch/scan.h"

#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/memory/reach.h"
#include "shim/patch/find.h"
#include "shim/patch/functions.h"
#include "shim/patch/helper.h"
#include "shim/patch/jump.h"
#include "shim/patch/left.h"
#include "shim/patch/patch.h"
#include "shim/patch/sites.h"
#include "shim/patch/trampoline.h"
#include "shim/patch/watch.h"
#include "shim/plan/filter.h"
#include "shim/signals/thread.h"

namespace abishim::patch {
namespace {

constinit Left g_left;        // changed by him who holds the lock of attempts
constinit bool g_has_logged;  // that something was left of a later mapping

// The changes of one page, until all of them are known.
class Page {
 public:
  Page(const memory::Own& own, const Text& text) : own_(own), text_(text) {}

  void Add(const Seen& seen) {
    const Word start = seen.site.start, last = start + arch::kJumpBytes - 1;
    if (PageOf(start) != PageOf(last)) return Leave();
    if (count_ != 0 && (count_ == kMost || PageOf(changes_[0].at) != PageOf(start))) Finish();
    if (MakeJump(own_, text_, seen.site, &changes_[count_]) != Outcome::kPatched) return Leave();
    numbers_[count_++] = seen.nr;
  }

  void Finish() {
    const bool done = count_ != 0 && Exchange(own_, text_, changes_, count_);
    for (int i = 0; i < count_; ++i) {
      done ? g_left.Patched(numbers_[i]) : Leave();
    }
    g_left.pages += done;
    count_ = 0;
  }

 private:
  static constexpr int kMost = 64;
  static void Leave() { ++g_left.others; }

  const memory::Own& own_;
  const Text& text_;
  Change changes_[kMost];
  long numbers_[kMost];
  int count_ = 0;
};

struct Scan {
  Word start, end;
  Word own_inode = 0;  // of the library
  const memory::Own* own = nullptr;
  Text* text = nullptr;
  Word object = 0, object_inode = 0;  // the last file whose first bytes are mapped, and where
};

// FindSite takes it for granted that a call was made there. That it is code at all, and not data or
// the middle of an instruction, is told by the object's own table where there is one.
bool IsProved(const Functions& functions, const Text& text, const arch::Site& site) {
  if (site.shape == arch::Shape::kNone) return false;
  return !functions.Know(text.end - text.start) ||
         functions.Begin(site.start, site.end - arch::kSyscallBytes);
}

// The kernel may have said that it is readable, and the file be shorter than its mapping.
void LookThrough(Scan* scan, Word start, Word end) {
  const Functions functions(scan->object_inode == scan->text->inode ? scan->object : 0,
                            memory::Readable);
  Page page(*scan->own, *scan->text);
  const Word known = memory::Readable(start, end - start);
  Sites sites(reinterpret_cast<const unsigned char*>(start),
              reinterpret_cast<const unsigned char*>(start + known), start, g_fast, arch::kNumbers);
  for (Seen seen; sites.Next(&seen);) {
    if (IsProved(functions, *scan->text, seen.site)) {
      page.Add(seen);
    } else if (seen.nr >= 0 && (g_fast[seen.nr] & kTrapControl) == 0) {
      ++g_left.shapes;
    }
  }
  page.Finish();
}

// The image comes first, as it lies below whatever else may be a copy of it: those are never
// called.
void Look(void* context, const start::Mapping& m) {
  Scan& scan = *static_cast<Scan*>(context);
  const Word from = m.start > scan.start ? m.start : scan.start;
  const Word to = m.end < scan.end ? m.end : scan.end;
  if (image::Contains(m.start)) scan.own_inode = m.inode;
  if (m.offset == 0 && m.inode != 0 && m.readable)
    scan.object = m.start, scan.object_inode = m.inode;
  if (from >= to || !m.executable || image::Contains(m.start) || IsSlot(m.start)) return;
  if (m.path[0] == '[' || (m.inode != 0 && m.inode == scan.own_inode)) return;
  if (Judge(m, scan.text) == Found::kText) return LookThrough(&scan, from, to);
  ++g_left.mappings;
}

// In the helper.
void Work(void* at) {
  Scan& scan = *static_cast<Scan*>(at);
  const memory::Own own;
  Text text;
  scan.own = &own, scan.text = &text;
  char buffer[8192];
  g_left.unreadable = IsError(start::ForEachMapping(buffer, sizeof(buffer), Look, &scan));
}

void Patch(Word start, Word end) {
  Scan scan{.start = start, .end = end};
  if (!WithOwnFiles(Work, &scan)) g_left.unreadable = true;
}

// What is answered at a patched site: by the plan, or looked at.
void Choose(const Plan& plan) {
  for (long nr = 0; nr < arch::kNumbers; ++nr) {
    const Verdict verdict = plan.verdict[nr];
    unsigned flags = WatchFor(nr) != nullptr ? kTrapControl : 0;
    if (verdict == Verdict::kRepair) flags = kTrapRepair;
    if (verdict == Verdict::kTranslate && plan.host_has[nr]) flags = kTrapHostHas;
    if (verdict != Verdict::kPass || flags != 0)
      g_fast[nr] = static_cast<unsigned char>(kFast | kUntrapped | flags);
  }
}

}  // namespace

void PatchAll(const Plan& plan) {
  Choose(plan);
  Patch(0, ~Word{0});
  g_left.Log(g_fast);
}

void PatchRange(Word start, Word end) {
  const KeepOut no_others;
  signals::NoticeFork({});
  BeginMany();
  const int before = g_left.Sum();
  Patch(start, end);
  const bool logs = g_left.Sum() > before && !g_has_logged;
  g_has_logged |= logs;
  if (logs) g_left.Log(g_fast);
  EndMany();
}

}  // namespace abishim::patch
