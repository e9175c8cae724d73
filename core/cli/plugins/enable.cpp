#include "cli/plugins/enable.hpp"

#include "cli/plugins/look.hpp"
#include "cli/render/text_width.hpp"
#include "host/files.hpp"
#include "host/instance_check.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

Error cannot(const std::string &what, const fs::path &path, const std::error_code &why) {
    const bool denied = why == std::errc::permission_denied || why == std::errc::operation_not_permitted ||
                        why == std::errc::read_only_file_system;
    return {denied ? Code::denied : Code::unavailable, "CannotWrite",
            "cannot " + what + " " + path.string() + ": " + why.message() + (denied ? "; try again with sudo" : ""), 0};
}

bool is_name(const std::string &name) {
    return !name.empty() && name.size() <= 64 &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos &&
           name.front() != '.' && name.front() != '-';
}

const host::FoundInstance *find(const std::vector<host::FoundInstance> &instances, const std::string &name) {
    for (const auto &one : instances)
        if (one.name == name || (one.file.ok() && one.file->name == name)) return &one;
    return nullptr;
}

std::string joined(const std::vector<std::string> &list) {
    std::string out;
    for (const std::string &one : list) out += (out.empty() ? "" : ", ") + one;
    return out.empty() ? "-" : out;
}

class Enable {
public:
    Enable(PluginContext &context, const EnableOrder &order) : context_(context), order_(order) {}

    Result<std::string> run(bool &loaded) {
        RIG_TRY(resolve());
        RIG_TRY_ASSIGN(const fs::path directory, find_package_directory(context_, plugin_));
        RIG_TRY_ASSIGN(checked_, host::check_package(directory, context_.check_options(true)));
        RIG_TRY(check_settings());
        RIG_TRY(confirm());
        RIG_TRY(write_settings());
        RIG_TRY(link());
        return tell_daemon(loaded);
    }

private:
    /// Which plugin, under which name, and whether it has settings already.
    Status resolve() {
        RIG_TRY_ASSIGN(const auto available, host::find_instances(context_.where().available));
        const host::FoundInstance *file = find(available, order_.what);
        if (file) {
            RIG_TRY_ASSIGN(const host::InstanceFile settings, file->file);
            plugin_ = settings.plugin;
            name_ = file->name;
            if (!order_.as.empty() && order_.as != name_)
                return invalid("NameGiven", "cannot enable '" + name_ + "' as '" + order_.as +
                                                "': its file names it; name the plugin's id to make a second instance");
        } else {
            plugin_ = order_.what;
            name_ = order_.as.empty()
                        ? plugin_.substr(plugin_.rfind('.') == std::string::npos ? 0 : plugin_.rfind('.') + 1)
                        : order_.as;
            if (!is_name(name_))
                return invalid(
                    "InstanceName",
                    "'" + elide(printable(name_), 60) +
                        "' cannot be the name of an instance; use lower-case letters, digits and dashes with --as");
            file = find(available, name_);
            if (file && file->file.ok() && file->file->plugin != plugin_)
                return Error{Code::conflict, "NameTaken",
                             "cannot enable " + plugin_ + " as '" + name_ + "': " + file->path.string() + " is of " +
                                 file->file->plugin + "; choose another name with --as",
                             0};
            if (file && !file->file.ok()) return file->file.error();
        }
        settings_ = file ? file->path : context_.where().available / (name_ + ".yaml");
        has_settings_ = file != nullptr;
        return {};
    }

    Status check_settings() {
        if (!order_.component.empty() && !checked_.manifest.component(order_.component)) {
            std::string known;
            for (const auto &component : checked_.manifest.components)
                known += (known.empty() ? "" : ", ") + component.id;
            return not_found("UnknownComponent", plugin_ + " has no component '" +
                                                     elide(printable(order_.component), 60) +
                                                     "'; its components are: " + printable(known));
        }
        if (!has_settings_) return {};
        RIG_TRY_ASSIGN(const host::InstanceFile file, host::read_instance_file(settings_));
        if (!order_.component.empty() && file.component != order_.component)
            return Error{
                Code::conflict, "ComponentGiven",
                settings_.string() + " is of " +
                    (file.component.empty() ? "no component by name" : "component " + printable(file.component)) +
                    "; correct it there, or make another instance with --as",
                0};
        if (checked_.probe.components.empty()) return {}; // without the probe the daemon says it
        RIG_TRY_ASSIGN(const host::ProbedComponent *component,
                       host::find_component(file, checked_.manifest, checked_.probe.components));
        RIG_TRY(host::fit_config(file, checked_.manifest, *component));
        return {};
    }

    Status confirm() {
        const host::Manifest &m = checked_.manifest;
        std::string kinds;
        for (const auto &component : m.components) kinds += (kinds.empty() ? "" : ", ") + component.kind;
        std::ostream &err = context_.io().err;
        const auto line = [&](std::string_view en, std::string_view zh, const std::string &value) {
            err << "  " << pad_right(context_.tr(en, zh), 12) << printable(value) << '\n';
        };
        if (!order_.yes || context_.io().err_is_terminal) {
            err << printable(m.id) << ' ' << printable(m.version) << (m.title.empty() ? "" : ": " + printable(m.title))
                << '\n';
            line("kind", "种类", kinds);
            line("services", "服务", joined(m.grants.services));
            if (!m.grants.http.empty()) line("http", "http", joined(m.grants.http));
            if (!m.grants.secrets.empty()) line("secrets", "机密", joined(m.grants.secrets));
            if (m.grants.veto) line("veto", "否决", context_.tr("may forbid placements", "可禁止放置"));
            line("runs", "运行", context_.tr("inside riggerd, as trusted code", "在 riggerd 进程内，作为受信任代码"));
            line("digest", "摘要", checked_.digest);
        }
        if (order_.yes) return {};
        if (!context_.io().in_is_terminal)
            return Error{
                Code::denied, "NotConfirmed",
                context_.tr("enabling runs this code inside the daemon; say --yes to confirm it without a terminal",
                            "启用后该代码将在守护进程内运行；非终端环境请用 --yes 确认"),
                0};
        err << context_.tr("Enable it? [y/N] ", "启用？[y/N] ") << std::flush;
        std::string answer;
        std::getline(context_.io().in, answer);
        if (answer == "y" || answer == "Y" || answer == "yes" || answer == "是") return {};
        return Error{Code::denied, "NotConfirmed",
                     context_.tr("not enabled, nothing was changed", "未启用，未做任何改动"), 0};
    }

    Status write_settings() {
        if (has_settings_) return {};
        std::error_code failed;
        fs::create_directories(context_.where().available, failed);
        const host::Manifest &m = checked_.manifest;
        std::string text = "# " + (m.title.empty() ? m.id : printable(m.title)) + "\nplugin: " + m.id + "\n";
        const host::ComponentRef *chosen =
            order_.component.empty() ? &m.components.front() : m.component(order_.component);
        if (m.components.size() > 1) {
            text += "# This plugin has several components; each instance is one of them:\n";
            for (const auto &component : m.components) text += "#   " + component.id + " (" + component.kind + ")\n";
            text += "component: " + chosen->id + "\n";
        }
        if (chosen->kind.find("placement-scorer") != std::string::npos)
            text += "# Of preference scorers: how much it counts against the others.\nweight: 1\n";
        text += "config: {}\n";
        if (auto status = host::replace_file(settings_, text, 0644); !status.ok())
            return status.error().within("cannot write " + settings_.string());
        made_settings_ = true;
        return {};
    }

    Status link() {
        RIG_TRY_ASSIGN(const auto enabled, host::find_instances(context_.where().enabled));
        const host::FoundInstance *old = find(enabled, name_);
        char number[8];
        std::snprintf(number, sizeof number, "%02d-", static_cast<int>(order_.order.value_or(50)));
        link_ = context_.where().enabled / (number + name_ + ".yaml");
        std::error_code failed;
        if (old && (!order_.order || old->path.filename() == link_.filename())) {
            link_ = old->path;
            was_enabled_ = true;
            return {};
        }
        fs::create_directories(context_.where().enabled, failed);
        const fs::path target = fs::relative(settings_, context_.where().enabled, failed);
        fs::create_symlink(failed || target.empty() ? settings_ : target, link_, failed);
        if (failed) return cannot("link", link_, failed);
        if (old && old->path != link_) fs::remove(old->path, failed);
        return {};
    }

    Result<std::string> tell_daemon(bool &loaded) {
        Json out{{"name", name_},
                 {"plugin", plugin_},
                 {"version", checked_.manifest.version},
                 {"settings", settings_.string()},
                 {"link", link_.string()},
                 {"newSettings", made_settings_},
                 {"alreadyEnabled", was_enabled_}};
        const auto answer = context_.reload();
        if (!answer.ok()) {
            if (!is_unreachable(answer.error()))
                return answer.error().within("'" + name_ + "' is enabled, but the daemon did not reload its plugins");
            out["state"] = "enabled";
            out["message"] = context_.tr("no daemon runs; it loads the plugin when it starts",
                                         "没有守护进程运行；它启动时会加载该插件");
            return out.dump(-1, ' ', false, Json::error_handler_t::replace);
        }
        for (const Json &row : items_of(*answer))
            if (row.is_object() && row.value("name", Json()) == name_) {
                out["state"] = row.value("state", Json());
                if (const Json error = row.value("lastError", Json());
                    error.is_string() && !error.get<std::string>().empty())
                    out["message"] = error;
                loaded = out["state"] == "running";
                if (!loaded) out["next"] = "rigger plugins doctor";
            }
        return out.dump(-1, ' ', false, Json::error_handler_t::replace);
    }

    PluginContext &context_;
    const EnableOrder &order_;
    host::CheckedPackage checked_;
    std::string plugin_, name_;
    fs::path settings_, link_;
    bool has_settings_ = false, made_settings_ = false, was_enabled_ = false;
};

} // namespace

Result<std::string> enable_plugin(PluginContext &context, const EnableOrder &order, bool &loaded) {
    loaded = true;
    if (order.order && (*order.order < 0 || *order.order > 99))
        return invalid("StartOrder", "--order is " + std::to_string(*order.order) + "; give a number from 0 to 99");
    return Enable(context, order).run(loaded);
}

Result<std::string> disable_plugin(PluginContext &context, const std::string &name) {
    RIG_TRY_ASSIGN(const auto enabled, host::find_instances(context.where().enabled));
    const host::FoundInstance *found = find(enabled, name);
    if (!found)
        return not_found("UnknownInstance", "no plugin '" + elide(printable(name), 60) +
                                                "' is enabled; `rigger plugins list` lists what is");
    std::error_code failed;
    if (!fs::is_symlink(found->path, failed))
        return Error{Code::conflict, "NotALink",
                     "cannot disable '" + name + "': " + found->path.string() +
                         " is a file, and removing it would lose its settings; move it to " +
                         context.where().available.string(),
                     0};
    fs::remove(found->path, failed);
    if (failed) return cannot("remove", found->path, failed);
    Json out{{"name", name}, {"removed", found->path.string()}};
    const auto answer = context.reload();
    if (!answer.ok() && !is_unreachable(answer.error()))
        return answer.error().within("'" + name + "' is disabled, but the daemon did not reload its plugins");
    out["state"] = "disabled";
    if (!answer.ok()) out["message"] = context.tr("no daemon runs", "没有守护进程运行");
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace rigger::cli
