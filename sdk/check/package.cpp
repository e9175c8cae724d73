#include "package.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace check {
namespace {

std::string trimmed(const std::string &s) {
    const auto first = s.find_first_not_of(" \t\r\"'"), last = s.find_last_not_of(" \t\r\"'");
    return first == std::string::npos ? std::string() : s.substr(first, last - first + 1);
}

std::string without_comment(const std::string &line) {
    for (size_t i = 0; i < line.size(); ++i)
        if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) return line.substr(0, i);
    return line;
}

void split_flow(const std::string &inside, std::vector<std::string> &out) {
    std::stringstream in(inside);
    for (std::string part; std::getline(in, part, ',');)
        if (auto item = trimmed(part); !item.empty()) out.push_back(item);
}

/// The value of `key:` wherever it stands; "[a, b]" and the "- a" lines below it become a list.
std::vector<std::string> list_of(const std::vector<std::string> &lines, const std::string &key) {
    std::vector<std::string> out;
    for (size_t i = 0; i < lines.size(); ++i) {
        const size_t at = lines[i].find(key + ":");
        if (at == std::string::npos || (at > 0 && std::string(" \t{,").find(lines[i][at - 1]) == std::string::npos))
            continue;
        const size_t open = lines[i].find('[', at), close = lines[i].find(']', at);
        if (open != std::string::npos && close != std::string::npos)
            return split_flow(lines[i].substr(open + 1, close - open - 1), out), out;
        for (size_t j = i + 1; j < lines.size(); ++j) {
            const std::string item = trimmed(lines[j]);
            if (item.rfind("- ", 0) != 0) break;
            out.push_back(trimmed(item.substr(2)));
        }
        return out;
    }
    return out;
}

std::string scalar(const std::vector<std::string> &lines, const std::string &key) {
    for (const std::string &l : lines)
        if (l.rfind(key + ":", 0) == 0) return trimmed(l.substr(key.size() + 1));
    return {};
}

std::string field(const std::string &entry, const std::string &key) {
    const size_t at = entry.find(key + ":");
    if (at == std::string::npos) return {};
    const size_t from = at + key.size() + 1;
    return trimmed(entry.substr(from, entry.find_first_of(",}\n", from) - from));
}

} // namespace

ManifestFacts read_manifest(const std::string &text, const std::string &library_name) {
    ManifestFacts out;
    out.present = true;
    std::vector<std::string> lines;
    std::stringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(without_comment(line));
    out.id = scalar(lines, "id");
    out.version = scalar(lines, "version");
    out.services = list_of(lines, "services");
    out.secrets = list_of(lines, "secrets");
    out.needed = list_of(lines, "needed");
    for (const std::string &l : lines)
        if (l.find("veto:") != std::string::npos) out.veto = field(l, "veto") == "true";
    for (size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].find("file:") == std::string::npos || field(lines[i], "file") != library_name) continue;
        for (size_t j = i > 1 ? i - 2 : 0; j < lines.size() && j <= i + 2; ++j)
            if (auto d = field(lines[j], "blake2b"); !d.empty() && (j == i || out.digest.empty())) out.digest = d;
    }
    return out;
}

bool read_package(const std::string &file, Package &out, std::string &why) {
    std::error_code ec;
    out.file = std::filesystem::absolute(file, ec).lexically_normal().string();
    std::ifstream in(out.file, std::ios::binary);
    if (!in || !std::filesystem::is_regular_file(out.file, ec))
        return why = "cannot read " + file + ": it does not exist or is no file", false;
    out.bytes.assign(std::istreambuf_iterator<char>(in), {});
    if (!read_elf(out.bytes, out.elf, why)) return why = file + ": " + why, false;
    const auto path = std::filesystem::path(out.file);
    if (std::ifstream yaml(path.parent_path() / "plugin.yaml"); yaml)
        out.manifest = read_manifest(std::string(std::istreambuf_iterator<char>(yaml), {}), path.filename().string());
    return true;
}

} // namespace check
