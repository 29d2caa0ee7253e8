// The command as a user sees it: options, exit statuses, what `run` sets and what it leaves alone.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/command/spawn.h"

namespace abishim::test {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

struct Scratch {
  fs::path path;
  Scratch() {
    char name[] = "/tmp/abishim-command-XXXXXX";
    path = mkdtemp(name);
  }
  ~Scratch() { fs::remove_all(path); }
  std::string File(const std::string& name, const std::string& text, int mode = 0755) const {
    std::ofstream(path / name, std::ios::binary) << text;
    chmod((path / name).c_str(), mode);
    return path / name;
  }
};

MATCHER(IsOneLine, "") {
  return std::count(arg.begin(), arg.end(), '\n') == 1 && arg.back() == '\n';
}

TEST(Command, WrongOptionsGetOneLineAndExit2) {
  const std::pair<Words, std::string> kWrong[] = {
      {{}, "subcommand"},
      {{"frobnicate"}, "frobnicate"},
      {{"--frob"}, "--frob"},
      {{"run"}, "no program"},
      {{"run", "--"}, "no program"},
      {{"run", "--frob", "--", "true"}, "--frob"},
      {{"run", "true", "--", "x"}, "'true'"},
      {{"run", "--pretend-kernel", "--", "true"}, "--pretend-kernel"},
      {{"run", "--pretend-kernel=", "--", "true"}, "--pretend-kernel"},
      {{"run", "--pretend-kernel=3", "--", "true"}, "'3'"},
      {{"run", "--pretend-kernel=rhel5", "--", "true"}, "rhel7"},
      {{"run", "--pretend-kernel=3.x", "--", "true"}, "'3.x'"},
      {{"run", "--pretend-kernel=3.10.1.2", "--", "true"}, "'3.10.1.2'"},
      {{"run", "--pretend-kernel=-3.1", "--", "true"}, "'-3.1'"},
      {{"run", "--pretend-kernel=3.10-rc1", "--", "true"}, "'3.10-rc1'"},
      {{"run", "--pretend-kernel=3.99999999999", "--", "true"}, "'3.99999999999'"},
      {{"run", "--pretend-kernel=3.10", "--pretend-kernel=4.4", "--", "true"}, "--pretend-kernel"},
      {{"run", "--policy=none", "--", "true"}, "--policy"},
      {{"run", "--profile=docker-1.0", "--", "true"}, "docker-1.0"},
      {{"run", "--profile=/", "--", "true"}, "cannot read '/'"},
      {{"run", "--log=/nosuch/dir/log", "--", "true"}, "/nosuch/dir/log"},
      {{"run", "--stats=3", "--", "true"}, "stats"},
      {{"run", "--flags", "--", "true"}, "--pretend-kernel"},
      {{"run", "--exec=fork", "--", "true"}, "--exec"},
      {{"run", "--nofile=many", "--", "true"}, "'many'"},
      {{"run", "--nofile=-1", "--", "true"}, "'-1'"},
      {{"run", "--nofile=9999999999", "--", "true"}, "9999999999"},
      {{"run", "--uname=", "--", "true"}, "--uname"},
      {{"run", "--uname=" + std::string(65, '5'), "--", "true"}, "--uname"},
      {{"run", "--uname=3.10", "--policy=repair", "--", "true"}, "--policy"},
      {{"doctor", "--policy=x"}, "--policy"},
      {{"doctor", "extra"}, "extra"},
      {{"syscalls", "--since=x"}, "'x'"},
      {{"syscalls", "--arch=vax"}, "vax"},
  };
  for (const auto& [words, part] : kWrong) {
    const Outcome outcome = Off(words);
    EXPECT_EQ(outcome.exit, 2) << testing::PrintToString(words);
    EXPECT_THAT(outcome.err, IsOneLine()) << testing::PrintToString(words);
    EXPECT_THAT(outcome.err, StartsWith("abishim: "));
    EXPECT_THAT(outcome.err, HasSubstr(part)) << testing::PrintToString(words);
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(Command, HelpAndVersion) {
  EXPECT_EQ(Off({"--version"}).out, "abishim 0.1.0\n");
  const Outcome help = Off({"--help"});
  EXPECT_EQ(help.exit, 0);
  for (const char* word : {"run", "doctor", "syscalls"}) {
    EXPECT_THAT(help.out, HasSubstr(word));
    const Outcome own = Off({word, "--help"});
    EXPECT_EQ(own.exit, 0);
    EXPECT_THAT(own.out, HasSubstr("Usage: abishim " + std::string(word)));
    EXPECT_EQ(own.err, "");
  }
}

TEST(Command, ProgramsThatCannotBeStarted) {
  const Scratch scratch;
  const std::string plain = scratch.File("plain", "echo hi\n", 0644);
  const std::string garbage = scratch.File("garbage", std::string("\x7f"
                                                                  "ELF\0garbage",
                                                                  12));
  const std::string no_interpreter = scratch.File("script", "#!/nosuch/interpreter\n");
  for (const char* stats : {"", "--stats"}) {
    const auto exit_of = [&](const std::string& program) {
      Words words{"run", "--", program};
      if (*stats != 0) words.insert(words.begin() + 1, stats);
      const Outcome outcome = Off(words);
      EXPECT_THAT(outcome.err, HasSubstr("abishim: ")) << program;
      EXPECT_EQ(outcome.out, "");
      return outcome.exit;
    };
    EXPECT_EQ(exit_of("no-such-program"), 127);
    EXPECT_EQ(exit_of("/no/such/program"), 127);
    EXPECT_EQ(exit_of("/etc/passwd/x"), 127);
    EXPECT_EQ(exit_of(""), 127);
    EXPECT_EQ(exit_of(scratch.path), 126);
    EXPECT_EQ(exit_of(plain), 126);
    EXPECT_EQ(exit_of("/dev/null"), 126);
    EXPECT_EQ(exit_of(garbage), 126);
    EXPECT_EQ(exit_of(no_interpreter), 127);
  }
}

TEST(Command, FindsProgramsAsExecvpDoes) {
  const Scratch scratch;
  fs::create_directories(scratch.path / "a/tool");  // a directory of that name is passed over
  fs::create_directories(scratch.path / "b");
  fs::create_directories(scratch.path / "c");
  scratch.File("b/tool", "no", 0644);
  const std::string path = scratch.path / "a:" += (scratch.path / "b").string();
  const auto run = [](const std::string& in_path) {
    return Spawn({ABISHIM_COMMAND, "run", "--", "tool", "x", "--", "--stats"}, "", [&] {
      setenv("ABISHIM", "off", 1);
      setenv("PATH", in_path.c_str(), 1);
    });
  };
  EXPECT_EQ(run(scratch.path / "a").exit, 127);
  EXPECT_EQ(run(path).exit, 126);
  scratch.File("c/tool", "echo \"$0 $@\"\n");  // no #!: given to the shell, as execvp does
  const Outcome found = run(path + ":" + (scratch.path / "c").string());
  EXPECT_EQ(found.exit, 0);
  EXPECT_EQ(found.out, (scratch.path / "c/tool").string() + " x -- --stats\n");
}

TEST(Command, LeavesStdinStdoutMasksAndDescriptorsAlone) {
  std::string bytes;
  for (int i = 0; i < 50'000; ++i) bytes += static_cast<char>(i * 7);
  const Words look{
      "sh", "-c",
      "grep -E '^(Sig(Blk|Ign|Cgt)|NoNewPrivs|Cap)' /proc/self/status; ls /proc/self/fd"};
  const Outcome native = Spawn(look);
  for (const Words& start : {Words{"run", "--"}, Words{"run", "--stats", "--"},
                             Words{"run", "--pretend-kernel=5.4", "--stats", "--"},
                             Words{"run", "--pretend-kernel=4.16", "--flags", "--"},
                             Words{"run", "--profile=docker-2026", "--"}}) {
    Words words = start;
    words.push_back("cat");
    EXPECT_EQ(Off(words, bytes).out, bytes);
    words.pop_back();
    words.insert(words.end(), look.begin(), look.end());
    EXPECT_EQ(Off(words).out, native.out) << testing::PrintToString(words);
  }
}

TEST(Command, NothingIsInstalledWithoutAPretendedHost) {
  const Words look{"run", "--", "grep", "-E", "^(Seccomp|NoNewPrivs):", "/proc/self/status"};
  EXPECT_EQ(Off(look).out, "NoNewPrivs:\t0\nSeccomp:\t0\n");
  Words pretended = look;
  pretended.insert(pretended.begin() + 1, "--pretend-kernel=5.4");
  EXPECT_EQ(Off(pretended).out, "NoNewPrivs:\t0\nSeccomp:\t2\n");
  pretended.insert(pretended.begin(), ABISHIM_COMMAND);
  const Outcome as_nobody = Spawn(pretended, "", [] {
    setenv("ABISHIM", "off", 1);
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(123);
  });
  EXPECT_EQ(as_nobody.out, "NoNewPrivs:\t1\nSeccomp:\t2\n") << as_nobody.err;
}

Outcome Shimmed(const Words& words) {
  Words all{ABISHIM_COMMAND, "run"};
  all.insert(all.end(), words.begin(), words.end());
  return Spawn(all);
}

// What fails only at the exec, by way of the library: the same lines and statuses as without it.
TEST(Command, ProgramsThatCannotBeStartedUnderTheShim) {
  const Scratch scratch;
  const Words programs[] = {{"no-such-program"},
                            {scratch.File("garbage", std::string("\x7f"
                                                                 "ELF\0garbage",
                                                                 12))},
                            {scratch.File("script", "#!/nosuch/interpreter\n")},
                            {scratch.File("text", "echo \"$0 $@\"\n"), "an", "argument"}};
  for (const char* option : {"--pretend-kernel=3.10", "--exec=loader", "--stats"}) {
    for (const Words& program : programs) {
      Words words{"--", program[0]};
      words.insert(words.end(), program.begin() + 1, program.end());
      Words off = words;
      off.insert(off.begin(), "run");
      words.insert(words.begin(), option);
      const Outcome without = Off(off), with = Shimmed(words);
      EXPECT_EQ(with.exit, without.exit) << option << " " << program[0];
      EXPECT_EQ(with.out, without.out) << option << " " << program[0];
      EXPECT_THAT(with.err, StartsWith(without.err)) << option << " " << program[0];
    }
  }
}

TEST(Command, TheFirstProgramNeedsNoPreload) {
  const Scratch scratch;
  for (const char* way : {"carry", "loader"}) {
    const std::string log = scratch.path / way;
    const Outcome outcome = Shimmed(
        {"--pretend-kernel=3.10", "--log=" + log, std::string("--exec=") + way, "--", "env", "-u",
         "ABISHIM_EXEC", "-u", "ABISHIM_LOG", "sh", "-c", "echo .$LD_PRELOAD; exec env"});
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
    EXPECT_THAT(outcome.out, StartsWith(".\n"));
    std::ifstream file(log);
    const std::string said(std::istreambuf_iterator<char>(file), {});
    const std::string carried = ": carried over\n", loaded = ": loaded /";
    const bool carry = *way == 'c';
    EXPECT_THAT(said, HasSubstr(carry ? carried : loaded));
    EXPECT_THAT(said, testing::Not(HasSubstr(carry ? loaded : carried)));
    EXPECT_THAT(said, HasSubstr("plan: "));
  }
}

TEST(Command, UnameAndNofileHoldFromTheFirstInstruction) {
  for (const char* way : {"carry", "loader"}) {
    const Outcome outcome = Shimmed(
        {"--uname=2.6.32-old", "--nofile=99", std::string("--exec=") + way, "--", "env", "-i",
         "/bin/sh", "-c", "uname -r; /usr/bin/busybox uname -rs; ulimit -n; ulimit -Hn"});
    EXPECT_EQ(outcome.out, "2.6.32-old\nLinux 2.6.32-old\n99\n99\n") << outcome.err;
  }
  const Outcome plain = Shimmed({"--nofile=98", "--", "sh", "-c", "uname -r; ulimit -n"});
  EXPECT_EQ(plain.out, Spawn({"uname", "-r"}).out + "98\n");
}

// The files that tell the release, by whatever call; not what only looks like them, nor what tells
// of other things.
TEST(Command, UnameHoldsForTheFilesOfProcToo) {
  const Words asks = {"sh", "-c",
                      "read r </proc/sys/kernel/osrelease; echo $r; cat /proc/version; cut -c1-7 "
                      "/proc/version; cat /proc/sys/kernel/ostype; sysctl -n kernel.osrelease"};
  const std::string host = Spawn({"uname", "-r"}).out;
  std::string release = host.substr(0, host.size() - 1), native = Spawn(asks).out;
  ASSERT_NE(native.find(release), std::string::npos);
  for (const char* way : {"carry", "loader"}) {
    for (const std::string now :
         {"2.6.32-old", "9", "2.6.18-a.much.longer.release.than.the.host"}) {
      std::string expected = native;
      for (std::size_t at = 0; (at = expected.find(release, at)) != std::string::npos;) {
        expected.replace(at, release.size(), now);
        at += now.size();
      }
      Words words = {"--uname=" + now, std::string("--exec=") + way, "--"};
      words.insert(words.end(), asks.begin(), asks.end());
      EXPECT_EQ(Shimmed(words).out, expected);
    }
  }
}
// ld.so of glibc before 2.36 asks this note, not uname(2).
TEST(Command, UnameHoldsForTheVdsosNoteToo) {
  const std::string code =
      "import ctypes,struct,time\n"
      "at=ctypes.CDLL(None).getauxval; at.restype=ctypes.c_ulong\n"
      "page=ctypes.string_at(at(33),4096); i=page.index(b'Linux\\0')\n"
      "c=struct.unpack('I',page[i+8:i+12])[0]; print(c>>16,c>>8&255,c&255)\n"
      "assert time.time() > 1e9\n";
  const Words python = {"python3", "-c", code};
  const std::string host = Spawn(python).out;
  for (const char* way : {"carry", "loader"}) {
    const auto said = [&](const char* release) {
      Words words = {std::string("--uname=") + release, std::string("--exec=") + way, "--"};
      words.insert(words.end(), python.begin(), python.end());
      return Shimmed(words).out;
    };
    EXPECT_EQ(said("2.6.32-754.el6"), "2 6 32\n");
    EXPECT_EQ(said("99.1"), "99 1 0\n");
    EXPECT_EQ(said("4.14.314"), "4 14 255\n");
    EXPECT_EQ(said("old"), "0 0 0\n");
  }
  EXPECT_EQ(Spawn(python).out, host);
}
TEST(Command, UnameLeavesOtherFilesAlone) {
  // A fifo that nobody writes to waits, and a signal ends that; a bad path has its errno; the
  // lowest descriptor is given, and closed at an exec if that was asked for.
  const std::string code =
      "import os,signal,tempfile\n"
      "d=tempfile.mkdtemp(); os.mkfifo(d+'/f'); os.umask(0)\n"
      "class E(Exception): pass\n"
      "def h(*a): raise E\n"
      "signal.signal(signal.SIGALRM,h); signal.setitimer(signal.ITIMER_REAL,0.2)\n"
      "try: os.open(d+'/f',os.O_RDONLY)\n"
      "except E: print('alarm')\n"
      "try: os.open(d+'/none',os.O_RDONLY)\n"
      "except OSError as e: print(e.errno)\n"
      "n=os.dup(0); os.close(n)\n"
      "for p in ['/proc/version','/etc/passwd','/proc/sys/kernel/osrelease']:\n"
      "  f=os.open(p,os.O_RDONLY); print(f-n, os.get_inheritable(f), len(os.read(f,9)) > 0); "
      "os.close(f)\n"
      "f=os.open('/proc/version',os.O_RDONLY|os.O_NONBLOCK)\n"
      "try: os.write(f,b'x'); print('written')\n"
      "except OSError: print('refused')\n"
      "os.close(f); g=os.dup(0); print(g-n)\n"
      "os.unlink(d+'/f'); os.rmdir(d)\n";
  Words words = {"--uname=2.6.32", "--"};
  const Words python = {"python3", "-c", code};
  words.insert(words.end(), python.begin(), python.end());
  EXPECT_EQ(Shimmed(words).out, Spawn(python).out);
  EXPECT_THAT(Spawn(python).out, HasSubstr("alarm\n2\n0 False True\n"));
}

// A library is found beside the command or in ../lib/abishim. One that may not be executed is
// preloaded before the others.
TEST(Command, PreloadsTheLibrary) {
  const Scratch scratch;
  fs::create_directories(scratch.path / "bin");
  fs::create_directories(scratch.path / "lib/abishim");
  fs::copy_file(ABISHIM_COMMAND, scratch.path / "bin/abishim");
  const fs::path some_library = "/lib/x86_64-linux-gnu/libpthread.so.0";  // harmless to preload
  const Words words{scratch.path / "bin/abishim",
                    "run",
                    "--policy=repair",
                    "--log=here.log",
                    "--",
                    "sh",
                    "-c",
                    "echo $LD_PRELOAD $ABISHIM_POLICY $ABISHIM_LOG"};
  const auto run = [&] {
    return Spawn(words, "", [&] {
      setenv("LD_PRELOAD", some_library.c_str(), 1);
      if (chdir(scratch.path.c_str()) != 0) _exit(123);
    });
  };
  const Outcome missing = run();
  if (!fs::exists("/usr/lib/abishim/libabishim.so")) {
    EXPECT_EQ(missing.exit, 125);
    EXPECT_THAT(missing.err, HasSubstr("cannot find libabishim.so"));
    EXPECT_THAT(missing.err, IsOneLine());
  }
  const std::string rest =
      ":" + some_library.string() + " repair " + (scratch.path / "here.log").string() + "\n";
  fs::copy_file(some_library, scratch.path / "lib/abishim/libabishim.so");
  EXPECT_EQ(run().out, (scratch.path / "lib/abishim/libabishim.so").string() + rest);
  fs::copy_file(some_library, scratch.path / "bin/libabishim.so");
  EXPECT_EQ(run().out, (scratch.path / "bin/libabishim.so").string() + rest);
}

TEST(Command, StatsCountsWhatTheTreeWritesAndRemovesTheFile) {
  // A program that counts as the shim does: the layout of shim/start/stats.h.
  const std::string script = R"(
    my $path = $ENV{ABISHIM_STATS};
    open my $file, '+<', $path or die $!;
    read $file, my $header, 16;
    my ($magic, $version) = unpack 'Q2', $header;
    die unless $magic == 0x737461747368696d && $version == 3;
    sub count { seek $file, 16 + 40 * shift, 0; print $file pack 'Q5', @_; }
    count(318, 3, 7, 0, 2, 1e9); count(435, 0, 0, 2, 0, 0); count(511, 1, 0, 1, 0, 0);
    printf "%s %o\n", $path, 07777 & (stat $path)[2];
    exit 5)";
  const Outcome outcome = Off({"run", "--stats", "--", "perl", "-e", script});
  EXPECT_EQ(outcome.exit, 5);
  EXPECT_THAT(
      outcome.err,
      MatchesRegex(
          "abishim: stats: getrandom trapped=3 patched=7 repaired=0 sites=2 ns=[1-9][0-9]{7,9}\n"
          "abishim: stats: clone3 trapped=0 patched=0 repaired=2 sites=0 ns=0\n"
          "abishim: stats: 511 trapped=1 patched=0 repaired=1 sites=0 ns=0\n"
          "abishim: stats: total trapped=4 patched=7 repaired=3 sites=2 ns=[1-9][0-9]{7,9}\n"));
  EXPECT_THAT(outcome.out, HasSubstr(" 600\n"));
  EXPECT_FALSE(fs::exists(outcome.out.substr(0, outcome.out.find(' '))));
}

TEST(Command, StatsTellsTrapsPatchedCallsSitesAndTime) {
  // By libc's one site for it, which is patched when it trapped 64 times.
  const std::string script = "my $b = ' ' x 8; syscall(318, $b, 8, 0) == 8 or die for 1 .. 200";
  const auto counted = [&](const std::string& mode, const char* said) {
    const Outcome outcome = Spawn({ABISHIM_COMMAND, "run", "--mode=" + mode,
                                   "--pretend-kernel=3.10", "--stats", "--", "perl", "-e", script});
    EXPECT_EQ(outcome.exit, 0);
    EXPECT_THAT(outcome.err, ContainsRegex(said));
  };
  counted("patched", "getrandom trapped=6[4-9] patched=1[34][0-9] repaired=0 sites=1 ns=[1-9]");
  counted("trap", "getrandom trapped=20[0-9] patched=0 repaired=0 sites=0 ns=[1-9]");
}

}  // namespace
}  // namespace abishim::test
