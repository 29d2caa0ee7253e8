// The kernel's own call is gone since 5.5, so there is no oracle here: what must come out is what
// 5.4's kernel/sysctl_binary.c says about the files below /proc/sys, which are read beside it.
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tables/translate/sysctl_names.h"  // with linux/sysctl.h, which wants stddef.h
#include "tests/support/check_in_child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

using Path = std::vector<int>;

struct Call {
  Path path;
  Word old = 0;
  size_t bytes = 0;  // of old, afterwards what the call says
  Word now = 0;
  size_t now_bytes = 0;

  long Make() {
    __sysctl_args args{};
    args.name = path.data();
    args.nlen = static_cast<int>(path.size());
    args.oldval = reinterpret_cast<void*>(old);
    args.oldlenp = &bytes;
    args.newval = reinterpret_cast<void*>(now);
    args.newlen = now_bytes;
    return Translated(translate::_sysctl, test::Make(Address(&args)));
  }
};

std::string Text(const std::string& file) {
  std::ifstream stream("/proc/sys/" + file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}
template <class T>
std::vector<T> Numbers(const std::string& file) {
  std::istringstream text(Text(file));
  std::vector<T> numbers;
  for (T number; text >> number;) numbers.push_back(number);
  return numbers;
}

TEST(Sysctl, Texts) {
  utsname name;
  uname(&name);
  const std::pair<int, std::string> all[] = {{KERN_OSTYPE, name.sysname},
                                             {KERN_OSRELEASE, name.release},
                                             {KERN_VERSION, name.version},
                                             {KERN_NODENAME, name.nodename}};
  for (const auto& [number, text] : all) {
    char buffer[400];
    memset(buffer, 'x', sizeof(buffer));
    Call call{{CTL_KERN, number}, Address(buffer), sizeof(buffer)};
    ASSERT_EQ(call.Make(), 0);
    EXPECT_EQ(call.bytes, text.size());
    EXPECT_STREQ(buffer, text.c_str());
    EXPECT_EQ(buffer[text.size() + 1], 'x');
  }
}

// Cut off without a word, and without a NUL.
TEST(Sysctl, ShortTexts) {
  char buffer[8] = "yyyyyyy";
  Call call{{CTL_KERN, KERN_OSTYPE}, Address(buffer), 3};
  ASSERT_EQ(call.Make(), 0);
  EXPECT_EQ(call.bytes, 3u);
  EXPECT_EQ(std::string(buffer), "Linyyyy");
}

TEST(Sysctl, Numbers) {
  const std::pair<Path, std::string> all[] = {
      {{CTL_KERN, KERN_SEM}, "kernel/sem"},
      {{CTL_KERN, KERN_PIDMAX}, "kernel/pid_max"},
      {{CTL_KERN, KERN_PRINTK}, "kernel/printk"},
      {{CTL_VM, VM_SWAPPINESS}, "vm/swappiness"},
      {{CTL_FS, FS_OVERFLOWUID}, "fs/overflowuid"},
      {{CTL_NET, NET_IPV4, NET_TCP_RMEM}, "net/ipv4/tcp_rmem"},
      {{CTL_NET, NET_IPV4, NET_IPV4_CONF, NET_PROTO_CONF_ALL, NET_IPV4_CONF_RP_FILTER},
       "net/ipv4/conf/all/rp_filter"},
      {{CTL_NET, NET_IPV4, NET_IPV4_CONF, static_cast<int>(if_nametoindex("lo")),
        NET_IPV4_CONF_TAG},
       "net/ipv4/conf/lo/tag"}};
  for (const auto& [path, file] : all) {
    const auto expected = Numbers<unsigned>(file);
    ASSERT_FALSE(expected.empty()) << file;
    for (size_t room = 0; room <= expected.size() + 1; ++room) {
      std::vector<unsigned> got(expected.size() + 2, 0x77777777);
      const size_t filled = std::min(room, expected.size());
      Call call{path, Address(got.data()), room * 4 + (room != 0 ? 3 : 0)};
      ASSERT_EQ(call.Make(), 0) << file;
      EXPECT_EQ(call.bytes, filled * 4) << file << " " << room;
      EXPECT_TRUE(std::equal(got.begin(), got.begin() + filled, expected.begin())) << file;
      EXPECT_EQ(got[filled], 0x77777777u) << file;
    }
  }
}

TEST(Sysctl, LongNumbers) {
  unsigned long got[2] = {7, 7};
  Call call{{CTL_KERN, KERN_SHMMAX}, Address(got), sizeof(got)};
  ASSERT_EQ(call.Make(), 0);
  EXPECT_EQ(call.bytes, 8u);
  EXPECT_EQ(got[0], Numbers<unsigned long>("kernel/shmmax").at(0));
  EXPECT_EQ(got[1], 7u);
}

TEST(Sysctl, BootId) {
  const std::string text = Text("kernel/random/boot_id");
  std::string expected;
  for (const char c : text) {
    if (isxdigit(c)) expected += c;
  }
  for (size_t room : {20, 16, 5}) {
    unsigned char got[20] = {};
    Call call{{CTL_KERN, KERN_RANDOM, RANDOM_BOOT_ID}, Address(got), room};
    ASSERT_EQ(call.Make(), 0);
    ASSERT_EQ(call.bytes, std::min<size_t>(room, 16));
    std::string hex;
    for (size_t i = 0; i < call.bytes; ++i) {
      char two[3];
      snprintf(two, sizeof(two), "%02x", got[i]);
      hex += two;
    }
    EXPECT_EQ(hex, expected.substr(0, 2 * call.bytes));
  }
}

TEST(Sysctl, UnknownNames) {
  const Path all[] = {{},
                      {CTL_KERN},
                      {CTL_KERN, 9999},
                      {CTL_KERN, 0},
                      {CTL_PROC, 1},
                      {CTL_DEBUG, 1},
                      {-1, 1},
                      {CTL_NET, NET_IPV4},
                      {CTL_NET, NET_IPV4, NET_IPV4_CONF, 123456, NET_IPV4_CONF_TAG},
                      Path(11, CTL_KERN)};
  for (const Path& path : all) {
    int got = 7;
    Call call{path, Address(&got), 4};
    EXPECT_EQ(call.Make(), -ENOTDIR);
    EXPECT_EQ(call.bytes, 4u);
    EXPECT_EQ(got, 7);
  }
  // Neither read nor written: its name is looked at all the same.
  EXPECT_EQ((Call{{CTL_KERN, KERN_OSTYPE}}).Make(), 0);
  EXPECT_EQ((Call{{CTL_KERN, 9999}}).Make(), -ENOTDIR);
}

TEST(Sysctl, BadPointers) {
  EXPECT_EQ(Translated(translate::_sysctl, Make(BadPointer())), -EFAULT);
  int name[2] = {CTL_KERN, KERN_PIDMAX}, got;
  size_t bytes = 4;
  __sysctl_args args{};
  args.nlen = 2;
  const auto call = [&] { return Translated(translate::_sysctl, Make(Address(&args))); };
  args.name = reinterpret_cast<int*>(BadPointer());
  EXPECT_EQ(call(), -EFAULT);
  args.name = name;
  args.oldval = &got;
  EXPECT_EQ(call(), -EFAULT) << "no oldlenp";
  args.oldlenp = reinterpret_cast<size_t*>(BadPointer());
  EXPECT_EQ(call(), -EFAULT);
  args.oldlenp = &bytes;
  args.oldval = reinterpret_cast<void*>(ReadOnlyPointer());
  EXPECT_EQ(call(), -EFAULT);
  args.oldval = &got;
  for (const int length : {-1, 11, 1 << 30}) {
    args.nlen = length;
    EXPECT_EQ(call(), -ENOTDIR);
  }
}

TEST(Sysctl, Writes) {
  CheckInChild([] {
    ASSERT_EQ(unshare(CLONE_NEWUTS | CLONE_NEWNET), 0);
    char name[] = "renamed", old[64];
    Call text{{CTL_KERN, KERN_NODENAME}, Address(old), sizeof(old), Address(name), 7};
    EXPECT_EQ(text.Make(), 0);
    utsname now;
    uname(&now);
    EXPECT_STREQ(now.nodename, "renamed");
    EXPECT_STRNE(old, "renamed");

    int before = 0, range[2] = {20000, 30000};
    Call numbers{{CTL_NET, NET_IPV4, NET_IPV4_LOCAL_PORT_RANGE},
                 Address(&before),
                 4,
                 Address(range),
                 sizeof(range)};
    EXPECT_EQ(numbers.Make(), 0);
    EXPECT_EQ(Numbers<int>("net/ipv4/ip_local_port_range"), (std::vector<int>{20000, 30000}));
    EXPECT_NE(before, 20000);
    EXPECT_EQ(numbers.bytes, 4u);

    range[0] = -1;  // the file's own check
    EXPECT_EQ(numbers.Make(), -EINVAL);
    numbers.now = BadPointer();
    EXPECT_EQ(numbers.Make(), -EFAULT);
    // A file that nobody writes.
    EXPECT_EQ((Call{{CTL_KERN, KERN_OSTYPE}, 0, 0, Address(name), 7}).Make(), -EACCES);
    ASSERT_EQ(setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(text.Make(), -EACCES);
  });
}

TEST(Sysctl, LeavesNothingBehind) {
  const int before = OpenDescriptors();
  for (const translate::sysctl::Name& name : translate::sysctl::kNames) {
    char buffer[64];
    if (name.in != translate::sysctl::kVm) continue;
    (Call{{CTL_VM, name.number}, Address(buffer), sizeof(buffer)}).Make();
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

// Most of the names are those of files that are here still; what is not has gone since, or belongs
// to a module.
TEST(Sysctl, TheNamesAreThoseOfFiles) {
  namespace sysctl = translate::sysctl;
  int there = 0, all = 0;
  const auto walk = [&](auto&& self, sysctl::Folder in, const std::string& path) -> void {
    for (const sysctl::Name& name : sysctl::kNames) {
      if (name.in != in) continue;
      const std::string below =
          path + "/" + (name.number == sysctl::kAnyInterface ? "lo" : name.text);
      if (name.kind == sysctl::kFolder) {
        self(self, name.child, below);
        continue;
      }
      ++all;
      const bool found = std::filesystem::exists(below);
      there += found;
      if (!found) printf("  not here: %s\n", below.c_str());
    }
  };
  walk(walk, sysctl::kRoot, "/proc/sys");
  printf("%d of %d names are files of this kernel\n", there, all);
  EXPECT_GT(3 * there, 2 * all);
}

}  // namespace
}  // namespace abishim::test
