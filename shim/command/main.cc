// The abishim command: reads the command line, hands over to the subcommand.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "shim/command/doctor.h"
#include "shim/command/failure.h"
#include "shim/command/run.h"
#include "shim/command/syscalls.h"
#include "shim/layer/apply.h"

namespace abishim::command {
namespace {

// CLI11 cannot know what follows the options.
struct RunFormatter : CLI::Formatter {
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: abishim run [OPTIONS] -- PROG [ARGS...]\n";
  }
};

struct Options {
  RunOptions run;
  DoctorOptions doctor;
  SyscallsOptions syscalls;
  layer::ApplyOptions apply;
  layer::LayerOptions layer;
};

CLI::Option* AddText(CLI::App* command, const std::string& name, std::string* to, const char* form,
                     const std::string& help) {
  return command->add_option(name, *to, help)
      ->type_name(form)
      ->check(
          CLI::Validator([](std::string& value) { return value.empty() ? "is empty" : ""; }, ""));
}

void AddPolicy(CLI::App* command, std::string* policy) {
  AddText(command, "--policy", policy, "", "translate (default), or repair: honest errnos only")
      ->transform(CLI::IsMember({"translate", "repair"}).description("translate|repair"));
}

void AddRun(CLI::App* app, RunOptions* options) {
  CLI::App* run = app->add_subcommand("run", "Start a program under the shim");
  run->formatter(std::make_shared<RunFormatter>());
  run->prefix_command();
  AddText(
      run, "--pretend-kernel", &options->pretend_kernel, "X.Y[.Z]|NAME",
      "Answer as that kernel does to newer calls and flags; NAME: rhel7, rhel8.1, debian8 to 13, "
      "ubuntu14.04 to 24.04");
  run->add_option("--without", options->without, "Answer ENOSYS for these calls, too")
      ->type_name("NAME,...")
      ->delimiter(',');
  run->add_flag("--no-vsyscall", options->no_vsyscall,
                "Calls of the vsyscall page fail as with vsyscall=none (by a tracer)")
      ->disable_flag_override();
  AddText(run, "--profile", &options->profile, "NAME|FILE.json",
          "Deny what this seccomp profile denies: docker-19.03, docker-20.10.0, docker-2026, or a "
          "file of the OCI or Docker form");
  AddPolicy(run, &options->policy);
  AddText(run, "--log", &options->log, "FILE", "Append what the shim has to say to FILE");
  AddText(run, "--exec", &options->exec, "", "Force one way over an exec; for tests")
      ->transform(CLI::IsMember({"carry", "loader"}).description("carry|loader"));
  AddText(run, "--mode", &options->mode, "",
          "Which call sites are patched: patched (default), those that trap often; trap, none; "
          "eager, all at their first trap, for tests; patch, all before they run, and no filter")
      ->transform(CLI::IsMember({"patched", "trap", "eager", "patch"})
                      .description("patched|trap|eager|patch"));
  run->add_flag("--older", options->older,
                "For an old user space: its removed calls, too (default: by a look at the program)")
      ->disable_flag_override();
  AddText(run, "--uname", &options->release, "RELEASE",
          "The kernel's release as uname(2), the vDSO's note and /proc tell it");
  AddText(run, "--nofile", &options->nofile, "N", "Limit the number of open files, hard and soft");
  run->add_flag("--flags", options->flags, "Ignore what the pretended kernel ignored, by a tracer")
      ->disable_flag_override();
  run->add_flag(
         "--stats", options->stats,
         "Print to stderr how often each call was trapped, made without a trap, and repaired")
      ->disable_flag_override();
}

void AddDoctor(CLI::App* app, DoctorOptions* options) {
  CLI::App* doctor = app->add_subcommand(
      "doctor", "Ask this host for every call and say what the shim would do about it");
  AddPolicy(doctor, &options->policy);
  doctor->add_flag("--older", options->older, "For an old user space: removed calls, vsyscall page")
      ->disable_flag_override();
  doctor->add_flag("--json", options->json, "As JSON")->disable_flag_override();
}

void AddSyscalls(CLI::App* app, SyscallsOptions* options) {
  CLI::App* syscalls =
      app->add_subcommand("syscalls", "List the system calls and flags abishim knows");
  AddText(syscalls, "--since", &options->since, "X.Y", "Only those that came with X.Y or later");
  AddText(syscalls, "--arch", &options->arch, "",
          "Numbers and versions of that architecture (default x86_64)")
      ->transform(CLI::IsMember({"x86_64", "i386", "aarch64", "riscv64"})
                      .description("x86_64|i386|aarch64|riscv64"));
  syscalls->add_flag("--json", options->json, "As JSON")->disable_flag_override();
}

void AddApply(CLI::App* app, layer::ApplyOptions* options) {
  CLI::App* apply = app->add_subcommand(
      "apply", "Add to an OCI layout an image that is another one with abishim in it");
  AddText(apply, "IMAGE", &options->image, "PATH[:TAG]",
          "The other one: of a layout that is a directory or a tar archive")
      ->required();
  AddText(apply, "--tag", &options->tag, "NEW", "What the new one is called")->required();
  apply->add_flag("--entrypoint", options->entrypoint, "Only start its program by `abishim run`")
      ->disable_flag_override();
  apply->add_flag("--preload", options->preload, "Only set LD_PRELOAD (default: both)")
      ->disable_flag_override();
}

void AddLayer(CLI::App* app, layer::LayerOptions* options) {
  CLI::App* layer = app->add_subcommand("layer", "Write this abishim as a layer for images");
  AddText(layer, "--oci", &options->oci, "DIR", "As a new OCI layout with an image of that layer");
  AddText(layer, "--tar", &options->tar, "FILE", "As a tar archive");
}

// What follows the first `--` is the program's and none of our business. Without `--` the program
// is the first word that is no option.
std::vector<std::string> TakeProgram(std::vector<std::string>* words) {
  const auto dashes = std::find(words->begin(), words->end(), "--");
  if (dashes == words->end()) return {};
  std::vector<std::string> program(dashes + 1, words->end());
  words->erase(dashes, words->end());
  return program;
}

void CompleteProgram(const CLI::App& run, RunOptions* options) {
  std::vector<std::string> before = run.remaining();
  if (!before.empty() && before[0].starts_with('-')) {
    throw Failure(kUsage, "run: unknown option '" + before[0] + "'");
  }
  if (!before.empty() && !options->program.empty()) {
    throw Failure(kUsage, "run: '" + before[0] + "' before '--' is no option");
  }
  if (!before.empty()) options->program = std::move(before);
  if (options->program.empty()) throw Failure(kUsage, "run: no program given");
}

int Main(std::vector<std::string> words) {
  Options options;
  CLI::App app("abishim: programs of one Linux on the kernel of another", "abishim");
  app.set_version_flag("--version", "abishim " ABISHIM_VERSION);
  AddRun(&app, &options.run);
  AddDoctor(&app, &options.doctor);
  AddSyscalls(&app, &options.syscalls);
  AddApply(&app, &options.apply);
  AddLayer(&app, &options.layer);
  const bool is_run = !words.empty() && words[0] == "run";
  if (is_run) options.run.program = TakeProgram(&words);
  try {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    throw Failure(kUsage, error.what());
  }
  if (app.got_subcommand("run")) {
    CompleteProgram(*app.get_subcommand("run"), &options.run);
    return Run(options.run);
  }
  if (app.got_subcommand("doctor")) return Doctor(options.doctor);
  if (app.got_subcommand("apply")) return layer::Apply(options.apply, ABISHIM_VERSION);
  if (app.got_subcommand("layer")) return layer::MakeLayer(options.layer, ABISHIM_VERSION);
  if (!app.got_subcommand("syscalls")) {
    throw Failure(kUsage,
                  "no subcommand: run, doctor, syscalls, apply or layer (see abishim --help)");
  }
  return ListSyscalls(options.syscalls);
}

}  // namespace
}  // namespace abishim::command

int main(int argc, char** argv) {
  try {
    return abishim::command::Main({argv + (argc > 0), argv + argc});
  } catch (const abishim::command::Failure& failure) {
    std::string line = failure.what();
    std::replace(line.begin(), line.end(), '\n', ' ');
    fprintf(stderr, "abishim: %s\n", line.c_str());
    return failure.status;
  }
}
