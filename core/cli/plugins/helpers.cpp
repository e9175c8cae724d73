#include "cli/plugins/helpers.hpp"

#include <spawn.h>
#include <sys/wait.h>

#include <cstring>
#include <ostream>

extern char **environ;

namespace rigger::cli {

Result<int> run_helper(PluginContext &context, const std::string &name, const Words &arguments) {
    const std::string program = context.helper(name).string();
    if (program.empty())
        return not_found("HelperMissing",
                         "cannot run " + name + ": it is not installed; it comes with the SDK (rigger-plugin-tools)");
    std::vector<char *> words{const_cast<char *>(program.c_str())};
    for (const std::string &argument : arguments) words.push_back(const_cast<char *>(argument.c_str()));
    words.push_back(nullptr);
    context.io().out.flush();
    pid_t child = 0;
    if (const int failed = ::posix_spawn(&child, program.c_str(), nullptr, nullptr, words.data(), environ); failed != 0)
        return Error{Code::unavailable, "HelperFailed", "cannot run " + program + ": " + std::strerror(failed), 0};
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<std::string> library_in(const std::string &what) {
    namespace fs = std::filesystem;
    std::error_code failed;
    if (fs::is_regular_file(what, failed)) return what;
    if (!fs::exists(fs::path(what) / "plugin.yaml", failed))
        return not_found("UnknownPlugin", "there is no library or plugin directory '" + what.substr(0, 200) + "'");
    RIG_TRY_ASSIGN(const host::Manifest manifest, host::read_manifest(fs::path(what) / "plugin.yaml"));
    const host::LibraryFile *library = manifest.library_for(host::host_arch());
    return (fs::path(what) / (library ? library->file : manifest.id + ".so")).string();
}

} // namespace rigger::cli
