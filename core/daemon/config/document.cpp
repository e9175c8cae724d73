#include "daemon/config/document.hpp"

#include <algorithm>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace rigger::config {
namespace {
constexpr size_t deepest = 16, most_nodes = 20'000;

struct Refused {
    Place place;
    std::string why;
};

Place place_of(const YAML::Mark &mark) { return {mark.line + 1, mark.column + 1}; }

/// Builds the tree from parser events. Refused passes through the parser to parse_document().
class Builder final : public YAML::EventHandler {
public:
    Node take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark &) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark &mark, YAML::anchor_t anchor) override {
        add(node(Node::Kind::null, mark, "", anchor));
    }
    void OnAlias(const YAML::Mark &mark, YAML::anchor_t) override {
        throw Refused{place_of(mark), "aliases ('*name') are not allowed; write the value out"};
    }
    void OnScalar(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor,
                  const std::string &value) override {
        Node made = node(Node::Kind::scalar, mark, tag, anchor);
        made.quoted = tag == "!";
        made.scalar = value;
        if (!made.quoted && (value == "~" || value == "null")) made.kind = Node::Kind::null;
        add(std::move(made));
    }
    void OnSequenceStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(node(Node::Kind::list, mark, tag, anchor));
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(node(Node::Kind::map, mark, tag, anchor));
    }
    void OnMapEnd() override { close(); }

private:
    struct Open {
        Node node;
        bool key_next = true;
    };

    Node node(Node::Kind kind, const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor) {
        if (anchor != 0) throw Refused{place_of(mark), "anchors ('&name') are not allowed; write the value out"};
        if (!tag.empty() && tag != "?" && tag != "!")
            throw Refused{place_of(mark), "tags ('!name') are not allowed; remove it"};
        if (++count_ > most_nodes) throw Refused{place_of(mark), "more than 20000 values; this is no configuration"};
        Node made;
        made.kind = kind;
        made.place = place_of(mark);
        return made;
    }

    void open(Node made) {
        if (stack_.size() >= deepest)
            throw Refused{made.place, "nested deeper than 16 levels; no key stands that deep"};
        if (expects_key()) throw Refused{made.place, "a key must be a plain text, not a list or a map"};
        stack_.push_back({std::move(made), true});
    }

    void close() {
        Node made = std::move(stack_.back().node);
        stack_.pop_back();
        add(std::move(made));
    }

    bool expects_key() const {
        return !stack_.empty() && stack_.back().node.kind == Node::Kind::map && stack_.back().key_next;
    }

    void add(Node made) {
        if (stack_.empty()) {
            root_ = std::move(made);
            return;
        }
        Open &top = stack_.back();
        if (top.node.kind == Node::Kind::list) {
            top.node.items.push_back(std::move(made));
        } else if (top.key_next) {
            top.node.entries.push_back({std::move(made.scalar), made.place, {}});
            top.key_next = false;
        } else {
            top.node.entries.back().value = std::move(made);
            top.key_next = true;
        }
    }

    size_t count_ = 0;
    std::vector<Open> stack_;
    Node root_;
};

Place place_at(std::string_view text, size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
            static_cast<int>(offset - line_start) + 1};
}

/// Length of the UTF-8 sequence at the beginning; 0: none that is valid.
size_t utf8_length(std::string_view s) {
    const auto byte = [&](size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U; };
    const unsigned first = byte(0);
    const auto tail = [&](size_t n) {
        for (size_t i = 1; i <= n; ++i)
            if ((byte(i) & 0xC0) != 0x80) return false;
        return true;
    };
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first < 0xE0) return tail(1) ? 2 : 0;
    if (first >= 0xE0 && first < 0xF0) {
        if (!tail(2) || (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) >= 0xA0)) return 0;
        return 3;
    }
    if (first >= 0xF0 && first < 0xF5) {
        if (!tail(3) || (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90)) return 0;
        return 4;
    }
    return 0;
}

void refuse_binary(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        const size_t length = utf8_length(text.substr(at));
        const bool control = (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F;
        if (length == 0 || control)
            throw Refused{place_at(text, at),
                          "byte " + std::to_string(c) + " is not UTF-8 text; this is no configuration file"};
        at += length;
    }
}

Node parse(std::string_view text) {
    if (text.size() > largest_document) throw Refused{{1, 1}, "larger than 256 KiB; this is no configuration file"};
    refuse_binary(text);
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    Builder builder;
    if (!parser.HandleNextDocument(builder)) return {};
    Node root = builder.take();
    Builder rest;
    if (parser.HandleNextDocument(rest))
        throw Refused{rest.take().place, "a second document ('---') begins here; keep one"};
    return root;
}

} // namespace

Document parse_document(std::string_view text) {
    Document document;
    try {
        document.root = parse(text);
    } catch (const Refused &refused) {
        document.error = refused.why;
        document.place = refused.place;
    } catch (const YAML::Exception &broken) {
        document.error = "not valid YAML: " + broken.msg;
        document.place = {std::max(1, broken.mark.line + 1), std::max(1, broken.mark.column + 1)};
    } catch (const std::exception &broken) {
        document.error = std::string("not valid YAML: ") + broken.what();
        document.place = {1, 1};
    }
    return document;
}

} // namespace rigger::config
