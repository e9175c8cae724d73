// core/daemon/config/reader.hpp -- fills a Config from a document and the environment, collecting everything that is
// wrong.
#pragma once
#include "daemon/config/document.hpp"
#include "daemon/config/keys.hpp"

#include <map>

namespace rigger::config {

class Reader {
public:
    Reader(std::string file, const Environment &environment);

    void read(const Document &document);
    void read_environment();
    /// Rules that join several keys.
    void check_whole();
    LoadedConfig finish() &&;

private:
    void section(const Node &map, const std::string &path, size_t record);
    void entry(const Node::Entry &entry, const std::string &path, size_t record);
    void key(const Key &key, const Node &value, const std::string &shown, size_t record);
    void texts(const Key &key, const Node &value, const std::string &shown);
    void records(const Key &key, const Node &value, const std::string &shown);
    void scalar(const Key &key, const Node &value, const std::string &shown, size_t record);
    /// Resolves references, assigns, reports. `where` is of the value.
    void set(const Key &key, std::string_view text, size_t record, const ConfigProblem &where,
             const std::string &shown);

    ConfigProblem at(Place place) const;
    /// Of a key that was set, wherever; for problems of the whole.
    ConfigProblem where_set(const std::string &path) const;
    void report(ConfigProblem where, std::string text);

    std::string file_;
    const Environment &environment_;
    LoadedConfig loaded_;
    std::map<std::string, ConfigProblem> set_; ///< keys that were set, and where
};

} // namespace rigger::config
