// core/control/json_writer.hpp -- writes one JSON document front to back, without a tree. Text that is not UTF-8 is
// made so.
#pragma once
#include "base/ids.hpp"
#include "base/time.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rigger {

/// The caller keeps begin/end balanced and gives every value inside an object a key first.
class JsonWriter {
public:
    JsonWriter &begin_object() { return open('{'); }
    JsonWriter &end_object() { return close('}'); }
    JsonWriter &begin_array() { return open('['); }
    JsonWriter &end_array() { return close(']'); }
    JsonWriter &key(std::string_view name);

    JsonWriter &value(std::string_view text);
    JsonWriter &value(const std::string &text) { return value(std::string_view(text)); }
    JsonWriter &value(const char *text) { return value(std::string_view(text)); }
    JsonWriter &value(bool b);
    JsonWriter &value(double d); ///< not finite: null
    template <std::integral I> JsonWriter &value(I i) { return number(std::to_string(i)); }
    template <typename Tag> JsonWriter &value(const Id<Tag> &id) { return value(std::string_view(id.value)); }
    JsonWriter &value(WallTime t) { return value(std::string_view(to_rfc3339(t))); }
    template <typename T> JsonWriter &value(const std::optional<T> &v) { return v ? value(*v) : null(); }
    JsonWriter &null() { return number("null"); }
    JsonWriter &raw(std::string_view json) { return number(json); } ///< a complete JSON value

    /// Items that another writer wrote one after the other, into an open array; may be none.
    JsonWriter &raw_items(std::string_view items) { return items.empty() ? *this : number(items); }

    template <typename T> JsonWriter &field(std::string_view name, const T &v) { return key(name).value(v); }
    /// null when the text is empty.
    JsonWriter &text_or_null(std::string_view name, std::string_view text) {
        return key(name), text.empty() ? null() : value(text);
    }
    JsonWriter &raw_field(std::string_view name, std::string_view json) { return key(name).raw(json); }

    const std::string &text() const noexcept { return out_; }
    std::string take() { return std::move(out_); }
    void reserve(size_t bytes) { out_.reserve(bytes); }

private:
    JsonWriter &open(char c);
    JsonWriter &close(char c);
    JsonWriter &number(std::string_view text);
    void separate();
    void quote(std::string_view text);

    std::string out_;
    bool comma_ = false;
};

} // namespace rigger
