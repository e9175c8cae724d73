// core/daemon/config/document.hpp -- YAML as a plain tree in which every key and value knows its place in the file.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::config {

struct Place {
    int line = 0, column = 0; ///< 1-based
};

struct Node {
    struct Entry;
    enum class Kind : uint8_t { null, scalar, list, map };
    Kind kind = Kind::null;
    bool quoted = false;
    std::string scalar;
    Place place;
    std::vector<Node> items;    ///< of a list
    std::vector<Entry> entries; ///< of a map, in order, repeats included
};
struct Node::Entry {
    std::string key;
    Place place;
    Node value;
};

struct Document {
    Node root; ///< null for an empty file
    std::string error;
    Place place; ///< of the error
};

constexpr size_t largest_document = 256 * 1024;

/// Refuses what is larger than 256 KiB, deeper than 16 levels, has more than 20,000 values, is not UTF-8 text, or uses
/// anchors, aliases, tags or a second document; so memory and time are bounded by the size of the text. Never throws.
Document parse_document(std::string_view text);

} // namespace rigger::config
