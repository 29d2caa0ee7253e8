// What a process tells its loader survives the way through an environment entry, and nothing else
// is taken for it.
#include "shim/exec/loader/order.h"

#include <gtest/gtest.h>
#include <string.h>

#include <memory>
#include <string>

#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

using exec::Decode;
using exec::Encode;
using exec::kOrderBytes;
using exec::Order;

struct Entry {
  char text[kOrderBytes + 400];
};

std::string RandomText(int longest) {
  std::string text(RandomInt(0, longest), '\0');
  for (char& c : text) c = static_cast<char>(RandomInt(1, 255));
  return text;
}

TEST(Order, ComesBackAsItWas) {
  for (int n = 0; n < 2000; ++n) {
    const std::string log = RandomText(500), stats = RandomText(20), library = RandomText(500),
                      name = RandomText(n % 10 == 0 ? 4095 : 60);
    Order order;
    order.mask = Random()() * 0x9e3779b97f4a7c15;
    order.ignored = Random()();
    order.program = RandomInt(0, 1 << 20);
    order.interpreter = RandomInt(0, 1) ? ~Word{0} : 7;
    order.pending = RandomInt(0, 1);
    memset(&order.sigsys, RandomInt(0, 255), sizeof order.sigsys);
    order.log = log.c_str();
    order.stats = stats.c_str();
    order.library = library.c_str();
    const std::string kept(2 * RandomInt(0, 200), 'p');
    order.kept = kept.c_str();
    order.name = name.c_str();
    auto entry = std::make_unique<Entry>();
    ASSERT_TRUE(Encode(order, entry->text, sizeof(entry->text)));
    ASSERT_LT(strnlen(entry->text, sizeof(entry->text)), sizeof(entry->text));
    Order back;
    ASSERT_TRUE(Decode(entry->text, &back));
    EXPECT_EQ(back.mask, order.mask);
    EXPECT_EQ(back.ignored, order.ignored);
    EXPECT_EQ(back.program, order.program);
    EXPECT_EQ(back.interpreter, order.interpreter);
    EXPECT_EQ(back.pending, order.pending);
    EXPECT_TRUE(!order.pending || memcmp(&back.sigsys, &order.sigsys, sizeof order.sigsys) == 0);
    EXPECT_EQ(back.log, log);
    EXPECT_EQ(back.stats, stats);
    EXPECT_EQ(back.library, library);
    EXPECT_EQ(back.kept, kept);
    EXPECT_EQ(back.name, name);
  }
}

TEST(Order, DoesNotFit) {
  const std::string longer(sizeof(Entry), 'x');
  Order order;
  order.name = longer.c_str();
  auto entry = std::make_unique<Entry>();
  EXPECT_FALSE(Encode(order, entry->text, sizeof(entry->text)));
}

// Cut off or changed anywhere: refused, or read within its own bytes, which end where an
// untouchable page begins.
TEST(Order, HostileEntries) {
  Order order;
  order.pending = true;
  order.log = "/log";
  order.library = "/library";
  order.name = "/name";
  auto sound = std::make_unique<Entry>();
  ASSERT_TRUE(Encode(order, sound->text, sizeof(sound->text)));
  const std::string text = sound->text;
  int taken = 0, refused = 0;
  for (int n = 0; n < 20000; ++n) {
    std::string bad = text;
    if (n < static_cast<int>(text.size())) bad.resize(n);
    for (int changes = RandomInt(0, 3); !bad.empty() && changes > 0; --changes) {
      bad[RandomInt(0, static_cast<int>(bad.size()) - 1)] =
          RandomOf({'0', '1', 'f', ':', '=', 'g', '\x7f', '\xff'});
    }
    AtPageEnd end(bad.size() + 1);
    memcpy(end.data(), bad.c_str(), bad.size() + 1);
    Order back;
    const bool ok = Decode(end.data(), &back);
    ++(ok ? taken : refused);
    if (!ok) continue;
    for (const char* part : {back.log, back.stats, back.library, back.name}) {
      EXPECT_TRUE(part == nullptr || *part == '\0' ||
                  (part >= end.data() && part + strlen(part) <= end.data() + bad.size()));
    }
  }
  EXPECT_GT(taken, 1000);
  EXPECT_GT(refused, 1000);
  for (const char* other :
       {"", "A", "ABISHIM_LOADER", "ABISHIM_LOADER=", "ABISHIM_LOADER=x", "ABISHIM_LOADERS=0000"}) {
    std::string copy = other;
    Order back;
    EXPECT_FALSE(Decode(copy.data(), &back)) << other;
  }
}

}  // namespace
}  // namespace abishim::test
