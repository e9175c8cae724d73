// api/json.hpp -- looking into objects whose shape is not yet trusted. Nothing here throws on a wrong type.
#pragma once
#include "api/errors.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace cluster_local {

using Json = nlohmann::json;
using Path = std::initializer_list<std::string_view>;

constexpr size_t kMaxObjectBytes = 1'572'864; ///< etcd's request limit, which an API server inherits
constexpr size_t kMaxDepth = 64;

/// One JSON object. Refused as BadRequest: too large, too deep, not UTF-8, not JSON, not an object.
rig::Result<Json> parse_object(std::string_view text, std::string_view what);

/// The member at `path`, or nullptr where it is missing, null, or a parent is not an object.
const Json *find(const Json &object, Path path);
std::string_view text_at(const Json &object, Path path);          ///< "" when missing or not a string
std::optional<int64_t> integer_at(const Json &object, Path path); ///< nullopt when missing or not an integer
bool flag_at(const Json &object, Path path);                      ///< false when missing or not a boolean
const Json &list_at(const Json &object, Path path);               ///< an empty array when missing or not an array
/// The member `key`, made an empty object when missing.
Json &child(Json &object, const char *key);
/// Gives the member `key` a value when it is missing.
void set_default(Json &object, const char *key, Json value);
/// Removes members that are null, at every depth: Kubernetes treats them as absent.
void drop_nulls(Json &value);

/// Checks of members by dotted path ("spec.parallelism"); each returns false after adding to `problems` when the member
/// has a wrong type or value, and true when it is right or absent.
class Checker {
public:
    Checker(const Json &object, Problems &problems, std::string prefix = {})
        : object_(object), problems_(problems), prefix_(std::move(prefix)) {}
    bool integer(std::string_view path, int64_t min, int64_t max) const;
    bool boolean(std::string_view path) const;
    bool string(std::string_view path) const;
    bool object(std::string_view path) const;
    bool array(std::string_view path) const;
    bool string_map(std::string_view path) const;
    bool one_of(std::string_view path, std::initializer_list<std::string_view> values) const;
    bool quantities(std::string_view path) const; ///< an object whose values are all resource quantities
    void required(std::string_view path) const;
    const Json *at(std::string_view path) const;

private:
    bool fail(std::string_view path, std::string_view what) const;
    const Json &object_;
    Problems &problems_;
    std::string prefix_;
};

} // namespace cluster_local
