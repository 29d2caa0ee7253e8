// Read-only and full file systems, for every call with a name and for those that transfer bytes.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <map>

#include "tests/rows/by_name.h"
#include "tests/support/check_in_child.h"

namespace abishim::test {
namespace {

// Mounts of one's own, gone with the child.
void InPrivate(const std::function<void()>& body) {
  CheckInChild([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    body();
  });
}

const std::vector<std::string> kNames = {"file", "dir",      "dir/file",  "new", "dir/new",
                                         "link", "dangling", "missing/x", "."};

void AddLinks(const NameTree& tree) {
  EXPECT_EQ(symlinkat("file", tree.fd(), "link"), 0);
  EXPECT_EQ(symlinkat("new", tree.fd(), "dangling"), 0);
}

TEST(RowMounts, ReadOnly) {
  InPrivate([] {
    NameTree native, ours;
    for (NameTree* tree : {&native, &ours}) {
      AddLinks(*tree);
      const char* const path = tree->path().c_str();
      ASSERT_EQ(mount(path, path, nullptr, MS_BIND, nullptr), 0);
      ASSERT_EQ(mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
      tree->OpenAnew();
    }
    EXPECT_GT(AgreeOnAll(native, ours, kNames).at("EROFS"), 100);
    for (const NameTree* tree : {&native, &ours}) umount2(tree->path().c_str(), MNT_DETACH);
  });
}

// A file system of its own on each tree's parent, without room for bytes or inodes.
class Full {
 public:
  explicit Full(const char* options) {
    EXPECT_EQ(mount("none", directory_.path().c_str(), "tmpfs", 0, options), 0);
  }
  ~Full() { umount2(directory_.path().c_str(), MNT_DETACH); }
  const std::string& path() const { return directory_.path(); }
  void Fill() const {
    const int fd = open((path() + "/filling").c_str(), O_CREAT | O_WRONLY, 0600);
    const std::string block(4096, 'f');
    while (write(fd, block.data(), block.size()) > 0) continue;
    close(fd);
    for (int i = 0; i < 1000; ++i) {
      const int more = open((path() + "/f" + std::to_string(i)).c_str(), O_CREAT | O_WRONLY, 0600);
      if (more < 0) return;
      close(more);
    }
    ADD_FAILURE() << "there is no end of it";
  }

 private:
  TempDir directory_;
};

TEST(RowMounts, Full) {
  InPrivate([] {
    Full native_fs("size=256k,nr_inodes=40"), our_fs("size=256k,nr_inodes=40");
    NameTree native(native_fs.path()), ours(our_fs.path());
    AddLinks(native);
    AddLinks(ours);
    native_fs.Fill();
    our_fs.Fill();
    EXPECT_GT(AgreeOnAll(native, ours, kNames).at("ENOSPC"), 5);
  });
}

// Pages that are there, and none that are not: what is written ends in the middle, then ENOSPC.
struct Transfer {
  std::string_view call;
  int flags;
};

long Write(const Transfer& transfer, bool natively, int fd, long offset) {
  std::string first(3000, 'a'), second(9000, 'b');
  iovec parts[2] = {{first.data(), first.size()}, {second.data(), second.size()}};
  return Ask(transfer.call, natively, Make(fd, Address(parts), 2, offset, 0, transfer.flags));
}

long Copy(bool natively, int fd, int from, long offset) {
  long source = 0;
  return Ask("copy_file_range", natively,
             Make(from, Address(&source), fd, Address(&offset), 12000, 0));
}

std::vector<std::string> TransfersTo(const Full& full, bool natively) {
  std::vector<std::string> seen;
  const int fd = open((full.path() + "/to").c_str(), O_CREAT | O_RDWR, 0600);
  const int from = open((full.path() + "/from").c_str(), O_CREAT | O_RDWR, 0600);
  const std::string bytes(20000, 'c');
  EXPECT_EQ(write(from, bytes.data(), bytes.size()), 20000);
  EXPECT_EQ(pwrite(fd, bytes.data(), 8192, 0), 8192);
  full.Fill();
  const auto look = [&](long result) {
    struct stat stat = {};
    fstat(fd, &stat);
    seen.push_back(ErrnoName(result) + " size " + std::to_string(stat.st_size) + " at " +
                   std::to_string(lseek(fd, 0, SEEK_CUR)));
  };
  for (const int flags : {0, 1, 2, 4}) {  // RWF_HIPRI, RWF_DSYNC, RWF_SYNC
    for (const long offset : {0L, 100L, 5000L, 8191L, 8192L, 9000L, 100000L, -1L}) {
      look(Write({"pwritev2", flags}, natively, fd, offset));
    }
  }
  for (const long offset : {0L, 100L, 5000L, 8191L, 8192L, 100000L}) {
    look(Copy(natively, fd, from, offset));
  }
  close(fd), close(from);
  return seen;
}

TEST(RowMounts, TransfersToAFullOne) {
  InPrivate([] {
    std::vector<std::string> seen[2];
    for (const bool natively : {true, false}) {
      const Full full("size=256k,nr_inodes=40");
      seen[natively ? 0 : 1] = TransfersTo(full, natively);
    }
    EXPECT_EQ(seen[1], seen[0]);
    int partial = 0, none = 0;
    for (const std::string& line : seen[0]) {
      none += line.starts_with("ENOSPC");
      partial += !line.starts_with("ENOSPC") && !line.starts_with("12000 ");
    }
    EXPECT_GT(partial, 5);
    EXPECT_GT(none, 5);
  });
}

// memfd_create's stand-in lies on a file system of the host's, which may be read-only or without
// a free inode: then there is no such call, and nothing is left.
TEST(RowMounts, NoRoomForAMemfd) {
  for (const bool read_only : {true, false}) {
    InPrivate([&] {
      for (const char* path : {"/dev/shm", "/run", "/tmp", "/var/tmp"}) {
        ASSERT_EQ(mount("none", path, "tmpfs", 0, "nr_inodes=1"), 0) << path;
        if (read_only) {
          ASSERT_EQ(mount(nullptr, path, nullptr, MS_REMOUNT | MS_RDONLY, "nr_inodes=1"), 0);
        }
      }
      const int before = OpenDescriptors();
      EXPECT_EQ(ErrnoName(Ask("memfd_create", false, Make(Address("none"), 0))), "ENOSYS");
      EXPECT_EQ(OpenDescriptors(), before);
    });
  }
}

}  // namespace
}  // namespace abishim::test
