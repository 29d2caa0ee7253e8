// Odd names of every kind, given to every call that takes one.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <set>

#include "tests/rows/by_name.h"

namespace abishim::test {
namespace {

int Succeeded(const std::map<std::string, int>& answers) {
  int succeeded = 0;
  for (const auto& [answer, count] : answers) succeeded += answer[0] == 'E' ? 0 : count;
  return succeeded;
}

TEST(RowNames, EachCallWithANameIsInTheTable) {
  const std::set<std::string_view> others = {"ustat"};  // of a device
  std::set<std::string_view> there;
  for (const ByName& by_name : kByName) there.insert(by_name.call);
  for (const Row& row : kSyscalls) {
    const bool by_name = row.name.ends_with("at") || row.name.ends_with("at2") ||
                         row.name.starts_with("stat") || row.name.ends_with("xattrat");
    if (row.when_missing == nullptr || !by_name || others.contains(row.name)) continue;
    EXPECT_TRUE(there.contains(row.name)) << row.name;
  }
}

// Each by itself, and all in one name; and none that exists.
TEST(RowNames, EveryByte) {
  const NameTree native, ours;
  std::vector<std::string> names;
  std::string all;
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '/') continue;
    all += static_cast<char>(byte);
    if (byte == '.') continue;
    names.push_back(std::string(1, static_cast<char>(byte)));
    if (byte % 16 == 1) names.push_back(names.back() + "missing");
  }
  names.push_back(all);
  names.push_back("dir/" + all.substr(0, 200));
  for (const NameTree* tree : {&native, &ours}) {
    for (const std::string& name : names) {
      if (!name.ends_with("missing")) close(openat(tree->fd(), name.c_str(), O_CREAT, 0644));
    }
  }
  EXPECT_GT(Succeeded(AgreeOnAll(native, ours, names)), 8000);
}

TEST(RowNames, LongPathsAndNames) {
  const NameTree native, ours;
  std::vector<std::string> names;
  for (const int length : {255, 256, 300}) {
    names.push_back(std::string(length, 'n'));
    names.push_back("dir/" + std::string(length, 'n'));
  }
  for (const NameTree* tree : {&native, &ours}) {
    close(openat(tree->fd(), names[0].c_str(), O_CREAT, 0644));
  }
  // PATH_MAX is 4096 with the NUL. The absolute ones are longer by the tree's own path.
  const int own = static_cast<int>(native.path().size()) + 1;
  for (const int length :
       {4000, 4060, 4094 - own, 4095 - own, 4096 - own, 4095, 4096, 4097, 9000}) {
    for (const std::string end : {"file", "missing", "dir", "dir/"}) {
      std::string path;
      while (path.size() + end.size() + 2 <= static_cast<size_t>(length)) path += "./";
      while (path.size() + end.size() < static_cast<size_t>(length)) path += "/";
      names.push_back(path + end);
    }
  }
  // A descriptor's name takes room of an execveat by one: its `loses`.
  const auto is_near = [&](const std::string& name) {
    return name.size() > 4095 - 32 && name.size() <= 4095;
  };
  std::vector<std::string> short_of_it;
  for (const std::string& name : names) {
    if (!is_near(name)) short_of_it.push_back(name);
  }
  for (const ByName& by_name : kByName) {
    for (const std::string& name : by_name.call == "execveat" ? short_of_it : names) {
      for (const bool absolute : {false, true}) Agree(by_name, native, ours, name, absolute);
    }
    EXPECT_EQ(ours.Looks(), native.Looks()) << by_name.call << " " << by_name.how;
  }
}

void MakeLinks(const NameTree& tree) {
  const auto link = [&](const std::string& target, const std::string& name) {
    EXPECT_EQ(symlinkat(target.c_str(), tree.fd(), name.c_str()), 0) << name;
  };
  link("file", "chain1");
  for (int i = 2; i <= 42; ++i) link("chain" + std::to_string(i - 1), "chain" + std::to_string(i));
  link("self", "self");
  link("pong", "ping");
  link("ping", "pong");
  link(".", "here");
  link("dir", "to_dir");
  link("dir/", "to_dir_slash");
  link("../dir/../file", "dir/back");
  link("nowhere", "dangling");
  link("file/", "file_slash");
  std::string dots;
  while (dots.size() + 6 < 4095) dots += "./";
  link(dots + "file", "to_long");
  link(std::string(255, 'n'), "to_long_name");
  link(std::string(256, 'n'), "to_too_long_name");
  link("/proc/self/cwd", "magic");
}

TEST(RowNames, ChainsAndLoopsOfLinks) {
  const NameTree native, ours;
  MakeLinks(native);
  MakeLinks(ours);
  std::vector<std::string> names = {"self",
                                    "self/",
                                    "self/file",
                                    "ping",
                                    "ping/x",
                                    "here/file",
                                    "to_dir/file",
                                    "to_dir/",
                                    "to_dir_slash",
                                    "to_dir_slash/file",
                                    "dir/back",
                                    "to_dir/back",
                                    "dangling",
                                    "dangling/",
                                    "dangling/x",
                                    "file_slash",
                                    "to_long",
                                    "to_long_name",
                                    "to_too_long_name",
                                    "file/",
                                    "dir/",
                                    "missing/",
                                    "file/x",
                                    "chain1/",
                                    "chain1/x",
                                    "here/here/here/dir/back"};
  for (const int links : {1, 2, 38, 39, 40, 41, 42}) {
    names.push_back("chain" + std::to_string(links));
    std::string path;
    for (int i = 0; i < links; ++i) path += "here/";
    names.push_back(path + "file");
    names.push_back(path + "chain1");
    names.push_back(path + "missing");
    names.push_back(path + "here");
  }
  const auto answers = AgreeOnAll(native, ours, names);
  EXPECT_GT(answers.at("ELOOP"), 200);
  EXPECT_GT(Succeeded(answers), 700);
}

}  // namespace
}  // namespace abishim::test
