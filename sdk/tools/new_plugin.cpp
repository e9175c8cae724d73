#include "tools/new_plugin.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <system_error>

namespace rigger::sdk {
namespace {

namespace fs = std::filesystem;
using Words = std::map<std::string, std::string>;

constexpr size_t kMaxIdLength = 128;

bool is_label(std::string_view label) {
    return !label.empty() && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_plugin_id(std::string_view id) {
    if (id.size() > kMaxIdLength || id.empty() || id.front() < 'a' || id.front() > 'z') return false;
    size_t labels = 0;
    for (size_t at = 0; at <= id.size(); ++labels) {
        const size_t dot = std::min(id.find('.', at), id.size());
        if (!is_label(id.substr(at, dot - at))) return false;
        at = dot + 1;
    }
    return labels >= 2;
}

/// "best-fit" -> "BestFit"; a name that starts with a digit gets a letter in front.
std::string class_name(std::string_view name) {
    std::string out = std::isdigit(static_cast<unsigned char>(name.front())) ? "P" : "";
    bool upper = true;
    for (const char c : name) {
        if (c == '-') {
            upper = true;
            continue;
        }
        out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        upper = false;
    }
    return out + "Plugin"; // never a keyword, never a name of the SDK
}

Words words_for(std::string_view kind, std::string_view id) {
    const std::string name(id.substr(id.rfind('.') + 1));
    std::string title = name + ": a " + std::string(kind);
    std::replace(title.begin() + static_cast<std::ptrdiff_t>(name.size()), title.end(), '-', ' ');
    title.replace(name.size(), 1, ",");
    return {{"@ID@", std::string(id)}, {"@NAME@", name}, {"@CLASS@", class_name(name)}, {"@TITLE@", title}};
}

std::string filled(std::string text, const Words &words) {
    for (const auto &[mark, word] : words)
        for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + word.size()))
            text.replace(at, mark.size(), word);
    return text;
}

Error cannot_write(const fs::path &what, std::string_view why) {
    return {Code::unavailable, "CannotWrite", "cannot write " + what.string() + ": " + std::string(why), 0};
}

Status copy_folder(const fs::path &from, const fs::path &to, const Words &words, std::vector<fs::path> &written) {
    std::error_code ec;
    for (auto it = fs::recursive_directory_iterator(from, ec); !ec && it != fs::recursive_directory_iterator();
         it.increment(ec)) {
        if (!it->is_regular_file()) continue;
        const fs::path relative = it->path().lexically_relative(from), target = to / relative;
        std::ifstream in(it->path(), std::ios::binary);
        if (!in)
            return not_found("TemplateMissing",
                             "cannot read the template " + it->path().string() + ": install the SDK's files again");
        const std::string text(std::istreambuf_iterator<char>(in), {});
        std::error_code made;
        fs::create_directories(target.parent_path(), made);
        if (made) return cannot_write(target.parent_path(), made.message());
        std::ofstream out(target, std::ios::binary | std::ios::trunc);
        out << filled(text, words);
        out.close();
        if (!out) return cannot_write(target, "the file cannot be opened, or the disk is full");
        written.push_back(relative);
    }
    if (ec) return not_found("TemplateMissing", "cannot read the template " + from.string() + ": " + ec.message());
    return {};
}

} // namespace

const std::vector<std::string_view> &template_kinds() {
    static const std::vector<std::string_view> kinds = {"placement-scorer", "reconciler", "validator-source",
                                                        "cluster-backend", "command-frontend"};
    return kinds;
}

Result<std::vector<fs::path>> write_template(const fs::path &templates, std::string_view kind, std::string_view id,
                                             const fs::path &target) {
    if (kind.substr(0, 4) == "rig.") kind.remove_prefix(4);
    kind = kind.substr(0, kind.find('/'));
    const auto &kinds = template_kinds();
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
        std::string known;
        for (const auto &k : kinds) known.append(known.empty() ? "" : ", ").append(k);
        return invalid("UnknownKind",
                       "cannot make a plugin of kind '" + std::string(kind) + "': choose one of " + known);
    }
    if (!is_plugin_id(id))
        return invalid(
            "BadPluginId",
            "cannot make a plugin '" + std::string(id.substr(0, kMaxIdLength)) +
                "': an id is a reverse DNS name of lower-case letters, digits and dashes, such as com.example.mine");
    if (id.substr(0, 4) == "rig.")
        return invalid("BadPluginId",
                       "cannot make a plugin '" + std::string(id) + "': ids that start with rig. are rigger's own");
    std::error_code ec;
    if (fs::exists(target, ec) && !(fs::is_directory(target, ec) && fs::is_empty(target, ec)))
        return Error{Code::conflict, "TargetExists",
                     "cannot write a plugin into " + target.string() +
                         ": it exists and is not an empty folder; choose another",
                     0};
    const fs::path common = templates / "common", own = templates / kind;
    for (const fs::path &folder : {common, own})
        if (!fs::is_directory(folder, ec))
            return not_found("TemplateMissing", "cannot find the template " + folder.string() +
                                                    ": install the SDK (component sdk) or name its template folder");
    const Words words = words_for(kind, id);
    std::vector<fs::path> written;
    RIG_TRY(copy_folder(common, target, words, written));
    RIG_TRY(copy_folder(own, target, words, written));
    std::sort(written.begin(), written.end());
    return written;
}

} // namespace rigger::sdk
