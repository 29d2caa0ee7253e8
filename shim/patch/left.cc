#include "shim/patch/left.h"

#include "shim/patch/patch.h"
#include "shim/plan/filter.h"
#include "shim/start/log.h"
#include "shim/start/settings.h"

namespace abishim::patch {

void Left::Patched(long nr) {
  ++sites;
  if (nr < 0) ++shared;
  if (nr >= 0) has_site[nr] = true;
}

void Left::Log(const unsigned char* wanted) const {
  start::Line line;
  line.Text("patch: ")
      .Number(sites)
      .Text(" sites, ")
      .Number(shared)
      .Text(" of them for any call, in ");
  line.Number(pages).Text(" pages, no filter");
  if (unreadable) line.Text("; the program's mappings could not all be read");
  if (shapes != 0) line.Text("; left: sites of other shapes: ").Number(shapes);
  if (others != 0) line.Text("; not to be written: ").Number(others);
  if (mappings != 0) line.Text("; executable mappings that are no file: ").Number(mappings);
  bool any = false;
  for (long nr = 0; nr < arch::kNumbers; ++nr) {
    if (wanted[nr] == 0 || (wanted[nr] & kTrapControl) != 0 || has_site[nr]) continue;
    if (!any) line.Text("; calls without a site of their own:");
    line.Text(" ").Number(nr);
    any = true;
  }
  line.Write(start::Log());
}

}  // namespace abishim::patch
