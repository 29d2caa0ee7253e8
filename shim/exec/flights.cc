#include "shim/exec/flights.h"

#include <atomic>

#include "shim/memory/host.h"

namespace abishim::exec {

struct Flight {
  std::atomic<int> owner;  // a process, 0: free
  int helper;
};

namespace {

constexpr int kFlights = 64;
[[gnu::section(".bss.z")]] constinit Flight g_flights[kFlights] = {};

bool Gone(int pid) { return HostCall<"kill">(pid, 0) == -ESRCH; }

}  // namespace

Flight* Board(int pid) {
  for (int pass = 0; pass < 2; ++pass) {
    for (Flight& flight : g_flights) {
      int owner = flight.owner.load();
      // A fork child has the places of its parent's other threads.
      if (owner != 0 && (pass == 0 || !Gone(owner))) continue;
      if (!flight.owner.compare_exchange_strong(owner, pid)) continue;
      flight.helper = 0;
      return &flight;
    }
  }
  return nullptr;
}

int* HelperOf(Flight* flight) { return &flight->helper; }

void Leave(Flight* flight) {
  if (flight != nullptr) flight->owner.store(0);
}

void CollectFlights(int pid, Handover* handover) {
  int count = 1;  // the first is the helper of this very exec
  for (Flight& flight : g_flights) {
    if (flight.owner.load() != pid) continue;
    const int helper = flight.helper;
    if (helper != 0 && helper != handover->helper[0] && count < Handover::kHelpers) {
      handover->helper[count++] = helper;
    }
    flight.owner.store(0);
  }
}

}  // namespace abishim::exec
