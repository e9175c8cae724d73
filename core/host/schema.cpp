// Without this valijson ends the process at a schema that it cannot read.
#define VALIJSON_USE_EXCEPTIONS 1

#include "host/schema.hpp"

#include "domain/documents.hpp"
#include "host/misfit.hpp"

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <algorithm>
#include <set>

namespace rigger::host {
namespace {
using nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

constexpr DocumentLimits schema_limits{size_t{1} << 20, 48};
constexpr DocumentLimits object_limits{size_t{1} << 20, 48};
constexpr size_t max_pattern_input = 4096; ///< the regular-expression engine recurses per character
constexpr int max_depth = 32;

bool has_key(const json &j, std::string_view key) {
    if (j.is_object())
        for (const auto &[k, v] : j.items())
            if (k == key || has_key(v, key)) return true;
    if (j.is_array())
        for (const json &v : j)
            if (has_key(v, key)) return true;
    return false;
}

bool has_foreign_reference(const json &j) {
    if (j.is_object())
        for (const auto &[k, v] : j.items()) {
            if (k == "$ref" && (!v.is_string() || !v.get_ref<const std::string &>().starts_with('#'))) return true;
            if (has_foreign_reference(v)) return true;
        }
    if (j.is_array())
        for (const json &v : j)
            if (has_foreign_reference(v)) return true;
    return false;
}

/// Whether every reference leads somewhere and none back to where it came from: the library would follow it for ever.
/// Nor may there be so many that following them in turn takes a whole stack.
class References {
public:
    explicit References(const json &document) : document_(document) {}
    bool end() { return walk(document_); }

private:
    static constexpr size_t most = 256;
    bool walk(const json &j) {
        if (!j.is_structured()) return true;
        if (const auto at = j.is_object() ? j.find("$ref") : j.end(); j.is_object() && at != j.end() && !follow(*at))
            return false;
        return std::all_of(j.begin(), j.end(), [this](const json &v) { return walk(v); });
    }
    bool follow(const json &reference) {
        if (!reference.is_string()) return true;
        const auto &text = reference.get_ref<const std::string &>();
        if (done_.contains(text)) return true;
        if (!open_.insert(text).second || open_.size() + done_.size() > most) return false;
        const json::json_pointer pointer(text.substr(1));
        const bool ends = document_.contains(pointer) && walk(document_.at(pointer));
        open_.erase(text);
        done_.insert(text);
        return ends;
    }
    const json &document_;
    std::set<std::string> open_, done_;
};

bool has_long_text(const json &j) {
    if (j.is_string()) return j.get_ref<const std::string &>().size() > max_pattern_input;
    if (!j.is_structured()) return false;
    for (const json &v : j)
        if (has_long_text(v)) return true;
    return false;
}

void fill_defaults(const json &schema, json &object, int depth) {
    if (depth > max_depth || !schema.is_object() || !object.is_object()) return;
    const auto properties = schema.find("properties");
    if (properties == schema.end() || !properties->is_object()) return;
    for (const auto &[name, property] : properties->items()) {
        if (!property.is_object()) continue;
        auto at = object.find(name);
        if (at == object.end() && property.contains("default")) at = object.emplace(name, property["default"]).first;
        if (at != object.end()) fill_defaults(property, *at, depth + 1);
    }
}

/// valijson's own path: "<root>", "[\"key\"]", "[0]".
std::vector<std::string> path_of(const std::vector<std::string> &context) {
    std::vector<std::string> out;
    for (const std::string &part : context) {
        if (part == "<root>") continue;
        std::string name = part;
        for (const char quote : {'[', '"'})
            if (name.size() >= 2 && name.front() == quote) name = name.substr(1, name.size() - 2);
        out.push_back(std::move(name));
    }
    return out;
}
} // namespace

struct JsonSchema::Impl {
    json document;
    valijson::Schema schema;
    bool patterns = false;
};

Result<JsonSchema> JsonSchema::parse(std::string_view text) {
    if (const Status ok = check_document(text, schema_limits); !ok.ok())
        return invalid("SchemaInvalid", "the schema: " + ok.error().message);
    try {
        auto impl = std::make_shared<Impl>();
        impl->document = json::parse(text);
        if (has_foreign_reference(impl->document))
            return invalid("SchemaInvalid",
                           "the schema refers to another document; only references that begin with '#' are allowed");
        if (!References(impl->document).end())
            return invalid("SchemaInvalid", "the schema has a reference that leads nowhere or back to itself, or more "
                                            "than 256 references");
        impl->patterns = has_key(impl->document, "pattern") || has_key(impl->document, "patternProperties");
        valijson::SchemaParser parser;
        const Adapter adapter(impl->document);
        parser.populateSchema(adapter, impl->schema);
        return JsonSchema(std::move(impl));
    } catch (const std::exception &e) { return invalid("SchemaInvalid", std::string("the schema: ") + e.what()); }
}

Result<std::string> JsonSchema::apply(std::string_view object, std::string_view what, std::string_view reason,
                                      const Locate &locate) const {
    const auto refuse = [&](const std::vector<std::string> &path, const std::string &message) {
        return invalid(std::string(reason),
                       (locate ? locate(path) : std::string()) + dotted(std::string(what), path) + ": " + message);
    };
    if (const Status ok = check_document(object, object_limits); !ok.ok()) return refuse({}, ok.error().message);
    try {
        json j = json::parse(object);
        fill_defaults(impl_->document, j, 0);
        if (impl_->patterns && has_long_text(j))
            return refuse({}, "a text is longer than " + std::to_string(max_pattern_input) + " bytes; shorten it");
        valijson::Validator validator;
        valijson::ValidationResults results;
        const Adapter adapter(j);
        if (validator.validate(impl_->schema, adapter, &results)) return j.dump();
        if (const auto misfit = find_misfit(impl_->document, j)) return refuse(misfit->path, misfit->text);
        // A rule that find_misfit() has no words for: the library's own, of its first finding.
        valijson::ValidationResults::Error e;
        if (!results.popError(e)) return refuse({}, "does not fit its schema");
        return refuse(path_of(e.context), e.description.substr(0, 500));
    } catch (const std::exception &e) { return refuse({}, e.what()); }
}

} // namespace rigger::host
