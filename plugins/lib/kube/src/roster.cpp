#include "kube/roster.hpp"

#include <rigger/sdk/try.hpp>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace kube {
namespace {
constexpr size_t most_file_bytes = 8 << 20;

std::string folder(const std::string &path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}
std::string environment(const char *name) {
    const char *value = std::getenv(name);
    return value ? value : "";
}
} // namespace

std::string file_stamp(const std::string &path) {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0) return path + ":none;";
    return path + ":" + std::to_string(s.st_ctim.tv_sec) + "." + std::to_string(s.st_ctim.tv_nsec) + "." +
           std::to_string(s.st_size) + "." + std::to_string(s.st_ino) + ";";
}

namespace {
class Single final : public Roster {
public:
    Single(std::string name, std::string path, std::string context)
        : name_(std::move(name)), path_(std::move(path)), context_(std::move(context)) {}
    std::string stamp() const override { return file_stamp(path_); }
    rig::Result<Roll> read() const override {
        auto access = one();
        if (!access.ok()) return Roll{{}, {{name_, access.error().message}}};
        return Roll{{{name_, *std::move(access)}}, {}};
    }

private:
    rig::Result<Access> one() const {
        if (context_.empty()) {
            RIG_ASSIGN_OR_RETURN(const std::string text, read_file(path_, most_file_bytes));
            auto current = current_context(text, folder(path_));
            if (!current.ok())
                return rig::Error{RIG_E_INVALID, "BadKubeconfig", path_ + ": " + current.error().message, 0};
            return current;
        }
        RIG_ASSIGN_OR_RETURN(std::vector<Context> all, read_kubeconfig_file(path_));
        for (auto &[name, access] : all)
            if (name == context_) return std::move(access);
        return rig::Error{RIG_E_INVALID, "NoSuchContext",
                          path_ + " has no context '" + context_ + "'; see: kubectl config get-contexts", 0};
    }
    std::string name_, path_, context_;
};

class InCluster final : public Roster {
public:
    InCluster(std::string name, std::string directory) : name_(std::move(name)), directory_(std::move(directory)) {}
    std::string stamp() const override { return "in-cluster"; } // the client looks at the files itself
    rig::Result<Roll> read() const override {
        RIG_ASSIGN_OR_RETURN(Access access, in_cluster(directory_, environment("KUBERNETES_SERVICE_HOST"),
                                                       environment("KUBERNETES_SERVICE_PORT")));
        return Roll{{{name_, std::move(access)}}, {}};
    }

private:
    std::string name_, directory_;
};

class Merged final : public Roster {
public:
    explicit Merged(std::string path) : path_(std::move(path)) {}
    std::string stamp() const override { return file_stamp(path_); }
    rig::Result<Roll> read() const override {
        RIG_ASSIGN_OR_RETURN(std::vector<Context> all, read_kubeconfig_file(path_));
        Roll roll;
        for (auto &[name, access] : all) {
            if (access.ok()) roll.clusters.emplace_back(std::move(name), *std::move(access));
            else roll.broken.emplace_back(std::move(name), access.error().message);
        }
        return roll;
    }

private:
    std::string path_;
};

class Directory final : public Roster {
public:
    explicit Directory(std::string path) : path_(std::move(path)) {}
    std::string stamp() const override {
        std::string out = file_stamp(path_);
        for (const std::string &file : files()) out += file_stamp(file);
        return out;
    }
    rig::Result<Roll> read() const override {
        std::error_code bad;
        if (!std::filesystem::is_directory(path_, bad))
            return rig::Error{RIG_E_INVALID, "UnreadableFile", path_ + " is not a directory that can be read", 0};
        Roll roll;
        for (const std::string &file : files()) {
            const std::string name = std::filesystem::path(file).stem().string();
            const auto twice = [&](const auto &entry) { return entry.first == name; };
            const auto text = read_file(file, most_file_bytes);
            auto access = text.ok() ? current_context(*text, path_) : rig::Result<Access>(text.error());
            if (!access.ok()) roll.broken.emplace_back(name, file + ": " + access.error().message);
            else if (std::any_of(roll.clusters.begin(), roll.clusters.end(), twice))
                roll.broken.emplace_back(name, file + ": another file gives a cluster of this name");
            else roll.clusters.emplace_back(name, *std::move(access));
        }
        return roll;
    }

private:
    std::vector<std::string> files() const {
        std::vector<std::string> out;
        std::error_code bad;
        for (std::filesystem::directory_iterator at(path_, bad), end; !bad && at != end; at.increment(bad)) {
            const std::string name = at->path().filename().string();
            if (name.front() != '.' && name.back() != '~' && at->is_regular_file(bad))
                out.push_back(at->path().string());
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    std::string path_;
};
} // namespace

std::unique_ptr<Roster> single_roster(std::string name, std::string kubeconfig, std::string context) {
    return std::make_unique<Single>(std::move(name), std::move(kubeconfig), std::move(context));
}
std::unique_ptr<Roster> in_cluster_roster(std::string name, std::string directory) {
    return std::make_unique<InCluster>(std::move(name), std::move(directory));
}
std::unique_ptr<Roster> merged_roster(std::string kubeconfig) {
    return std::make_unique<Merged>(std::move(kubeconfig));
}
std::unique_ptr<Roster> directory_roster(std::string directory) {
    return std::make_unique<Directory>(std::move(directory));
}

} // namespace kube
