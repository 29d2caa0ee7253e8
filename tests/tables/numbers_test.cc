// The numbers of the table against the kernel's own headers, for every architecture.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "tables/lookup.h"

namespace abishim::test {
namespace {

using NumberByName = std::map<std::string, int>;

// "#define __NR_read 0"
NumberByName ReadHeader(const std::string& path) {
  NumberByName numbers;
  std::ifstream file(path);
  std::string define, name, number;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    if (!(words >> define >> name >> number) || define != "#define") continue;
    if (!name.starts_with("__NR_") || number.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    numbers[name.substr(5)] = std::stoi(number);
  }
  return numbers;
}

NumberByName TableOn(int (Numbers::*on)() const) {
  NumberByName numbers;
  for (const Row& row : kSyscalls) {
    if ((row.nr.*on)() != kNone) numbers[std::string(row.name)] = (row.nr.*on)();
  }
  return numbers;
}

// What stands in one and not, or differently, in the other.
std::string Difference(const NumberByName& ours, const NumberByName& theirs) {
  std::string text;
  for (const auto& [name, number] : ours) {
    const auto other = theirs.find(name);
    if (other == theirs.end() || other->second != number) {
      text += " " + name + "=" + std::to_string(number);
    }
  }
  return text;
}

// This machine's headers may be older than the table: then they lack calls, but contradict nothing.
TEST(Numbers, AgreeWithThisMachine) {
  NumberByName headers = ReadHeader("/usr/include/x86_64-linux-gnu/asm/unistd_64.h");
  if (headers.empty()) headers = ReadHeader("/usr/include/asm/unistd_64.h");
  ASSERT_GT(headers.size(), 300u);
  EXPECT_EQ(Difference(headers, TableOn(&Numbers::OnX86_64)), "");
}

struct Architecture {
  const char* header;
  int (Numbers::*on)() const;
};

class NumbersOn : public testing::TestWithParam<Architecture> {};

TEST_P(NumbersOn, AgreeWithNewHeaders) {
  const std::string root = "/var/cache/abishim/linux-libc-dev/usr/lib/linux/uapi/";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "tests/tables/headers.sh has not been run";
  const NumberByName headers = ReadHeader(root + GetParam().header);
  const NumberByName table = TableOn(GetParam().on);
  ASSERT_GT(headers.size(), 280u);
  printf("%s: %zu numbers, the table has %zu\n", GetParam().header, headers.size(), table.size());
  EXPECT_EQ(Difference(headers, table), "") << "in the headers only, or with another number there";
  // The headers have forgotten some of the calls that are gone.
  NumberByName here = table;
  for (const Row& row : kSyscalls) {
    const std::string name(row.name);
    if (row.removed != Version{} && !headers.contains(name)) here.erase(name);
  }
  EXPECT_EQ(Difference(here, headers), "") << "in the table only, or with another number there";
}

INSTANTIATE_TEST_SUITE_P(All, NumbersOn,
                         testing::Values(Architecture{"x86/asm/unistd_64.h", &Numbers::OnX86_64},
                                         Architecture{"x86/asm/unistd_32.h", &Numbers::OnI386},
                                         Architecture{"arm64/asm/unistd_64.h", &Numbers::OnAarch64},
                                         Architecture{"riscv/asm/unistd_64.h",
                                                      &Numbers::OnRiscv64}),
                         [](const auto& info) {
                           std::string name = info.param.header;
                           for (char& letter : name) letter = isalnum(letter) ? letter : '_';
                           return name;
                         });

TEST(Numbers, RowsAreFoundByName) {
  for (const Row& row : kSyscalls) EXPECT_EQ(FindRow(row.name), &row) << row.name;
  EXPECT_EQ(FindRow("nosuchcall"), nullptr);
  EXPECT_EQ(FindRow(""), nullptr);
}

}  // namespace
}  // namespace abishim::test
