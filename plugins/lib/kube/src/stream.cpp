#include "kube/stream.hpp"

#include <nlohmann/json.hpp>

#include <iterator>
#include <utility>

namespace kube {
namespace {

rig::Error broken(const std::string &why) {
    return {RIG_E_UNAVAILABLE, "BrokenAnswer", "the API server's answer is not usable: " + why, 1000};
}

struct TooLarge {};

/// Follows the parser, and keeps the bytes of one object while it is inside of it.
class Capture final : public nlohmann::json_sax<nlohmann::json> {
public:
    Capture(const char *member, int object_depth) : member_(member), object_depth_(object_depth) {}

    /// Called for every byte that the parser takes.
    void consumed(char c) {
        if (!capturing_) return;
        if (object.size() >= most_object_bytes) throw TooLarge{};
        object.push_back(c);
    }

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t &) override { return true; }
    bool binary(binary_t &) override { return true; }
    bool string(string_t &value) override {
        if (depth_ == 1 && top_ == "type") type = value;
        if (depth_ == 2 && top_ == "metadata" && second_ == "resourceVersion") list_version = value;
        if (depth_ == 2 && top_ == "metadata" && second_ == "continue") next = value;
        if (!capturing_) return true;
        if (depth_ == object_depth_ && key_ == "apiVersion") has_api_version = true;
        if (depth_ == object_depth_ && key_ == "kind") has_kind = true;
        if (depth_ == object_depth_ + 1 && key_ == "metadata" && sub_key_ == "resourceVersion") object_version = value;
        return true;
    }
    bool key(string_t &name) override {
        if (depth_ == 1) top_ = name;
        if (depth_ == 2) second_ = name;
        if (capturing_ && depth_ == object_depth_) key_ = name;
        if (capturing_ && depth_ == object_depth_ + 1) sub_key_ = name;
        return true;
    }
    bool start_object(size_t) override {
        if (!deeper()) return false;
        if (depth_ != object_depth_ || top_ != member_ || capturing_) return true;
        capturing_ = true;
        has_api_version = has_kind = false;
        object_version.clear();
        key_.clear();
        object = "{";
        return true;
    }
    bool end_object() override {
        const bool done = capturing_ && depth_ == object_depth_;
        --depth_;
        if (!done) return true;
        capturing_ = false;
        return !on_object || on_object();
    }
    bool start_array(size_t) override {
        if (!deeper()) return false;
        if (capturing_ && depth_ == object_depth_ + 2 && key_ == "metadata" && sub_key_ == "managedFields" &&
            cut_depth_ == 0) {
            cut_depth_ = depth_;
            cut_at_ = object.size();
        }
        return true;
    }
    bool end_array() override {
        if (depth_ == cut_depth_) {
            object.resize(cut_at_);
            object.push_back(']');
            cut_depth_ = 0;
        }
        --depth_;
        return true;
    }
    bool parse_error(size_t position, const std::string &, const nlohmann::detail::exception &) override {
        why = "no JSON at byte " + std::to_string(position);
        return false;
    }

    std::function<bool()> on_object;
    std::string object, type, list_version, next, object_version, why;
    bool has_api_version = false, has_kind = false;

private:
    bool deeper() {
        if (++depth_ <= most_nesting) return true;
        why = "nested too deep";
        return false;
    }
    const std::string member_;
    const int object_depth_;
    int depth_ = 0, cut_depth_ = 0;
    size_t cut_at_ = 0;
    bool capturing_ = false;
    std::string top_, second_, key_, sub_key_;
};

/// Input iterator over a stream that shows every byte to a Capture.
class Tap {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char *;
    using reference = char;

    Tap() = default;
    Tap(std::streambuf &from, Capture &to) : from_(&from), to_(&to) {}
    char operator*() const { return static_cast<char>(from_->sgetc()); }
    Tap &operator++() {
        to_->consumed(static_cast<char>(from_->sbumpc()));
        return *this;
    }
    Tap operator++(int) {
        Tap old = *this;
        ++*this;
        return old;
    }
    bool at_end() const { return !from_ || from_->sgetc() == std::char_traits<char>::eof(); }
    friend bool operator==(const Tap &a, const Tap &b) { return a.at_end() == b.at_end(); }
    friend bool operator!=(const Tap &a, const Tap &b) { return !(a == b); }

private:
    std::streambuf *from_ = nullptr;
    Capture *to_ = nullptr;
};

/// One document. `refused`: the receiver's error, if that ended it.
rig::Status parse(std::streambuf &from, Capture &capture, bool whole, const std::optional<rig::Error> &refused) {
    try {
        const bool ok =
            nlohmann::json::sax_parse(Tap(from, capture), Tap(), &capture, nlohmann::json::input_format_t::json, whole);
        if (refused) return *refused;
        if (!ok) return broken(capture.why.empty() ? "not JSON" : capture.why);
        return {};
    } catch (const TooLarge &) {
        return broken("an object has more than " + std::to_string(most_object_bytes >> 20) + " MiB");
    }
}
} // namespace

rig::Result<ListTail> read_list(std::streambuf &from, std::string_view api_version, std::string_view kind,
                                const std::function<rig::Status(std::string_view)> &item,
                                const std::function<void(const std::string &next)> &head_read) {
    Capture capture("items", 3);
    std::optional<rig::Error> refused;
    std::string head, whole;
    bool first = true;
    capture.on_object = [&] {
        if (std::exchange(first, false) && head_read && !capture.next.empty()) head_read(capture.next);
        std::string_view text = capture.object;
        if (!capture.has_api_version || !capture.has_kind) { // items of a list do not repeat them
            head = "{";
            if (!capture.has_api_version) head.append("\"apiVersion\":\"").append(api_version).append("\",");
            if (!capture.has_kind) head.append("\"kind\":\"").append(kind).append("\",");
            if (text.find_first_not_of(" \t\r\n", 1) == text.size() - 1) head.pop_back();
            whole.assign(head).append(text.substr(1));
            text = whole;
        }
        if (rig::Status taken = item(text); !taken.ok()) refused = taken.error();
        return !refused;
    };
    if (rig::Status done = parse(from, capture, true, refused); !done.ok()) return done.error();
    return ListTail{std::move(capture.list_version), std::move(capture.next)};
}

rig::Result<std::optional<Event>> read_event(std::streambuf &from) {
    int c = from.sgetc();
    while (c == '\n' || c == '\r' || c == ' ' || c == '\t') c = from.snextc();
    if (c == std::char_traits<char>::eof()) return std::optional<Event>();
    Capture capture("object", 2);
    if (rig::Status done = parse(from, capture, false, std::nullopt); !done.ok()) return done.error();
    if (capture.type.empty() || capture.object.empty()) return broken("a watch event without type or object");
    return std::optional<Event>(
        Event{std::move(capture.type), std::move(capture.object), std::move(capture.object_version)});
}

} // namespace kube
