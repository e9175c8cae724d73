// Without this valijson ends the process at a schema that it cannot read.
#define VALIJSON_USE_EXCEPTIONS 1

#include "host/schema.hpp"

#include "domain/documents.hpp"
#include "host/misfit.hpp"
#include "host/pattern_cost.hpp"

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace rigger::host {
namespace {
using nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

constexpr DocumentLimits schema_limits{size_t{1} << 20, 48};
constexpr DocumentLimits object_limits{size_t{1} << 20, 48};
constexpr size_t max_pattern_input = 4096; ///< the regular-expression engine recurses per character
constexpr size_t max_evaluations = 20'000; ///< of schemas, for one value
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

/// What following all references comes to. Every one must lead somewhere and none back to where it came from: the
/// library would follow it for ever. Nor may there be so many that following them in turn takes a whole stack, or that
/// references to references multiply.
class References {
public:
    explicit References(const json &document) : document_(document) {}
    /// How many objects and lists a value is held against at most; nullopt: there is no end.
    std::optional<size_t> count() { return walk(document_); }

private:
    static constexpr size_t most = 256;
    std::optional<size_t> walk(const json &j) {
        if (!j.is_structured()) return 0;
        size_t all = 1;
        const auto add = [&all](std::optional<size_t> more) {
            if (more) all = std::min(all + *more, max_evaluations + 1);
            return more.has_value();
        };
        if (j.is_object())
            if (const auto at = j.find("$ref"); at != j.end() && !add(follow(*at))) return std::nullopt;
        for (const json &v : j)
            if (!add(walk(v))) return std::nullopt;
        return all;
    }
    std::optional<size_t> follow(const json &reference) {
        if (!reference.is_string()) return 0;
        const auto &text = reference.get_ref<const std::string &>();
        if (const auto at = done_.find(text); at != done_.end()) return at->second;
        if (!open_.insert(text).second || open_.size() + done_.size() > most) return std::nullopt;
        const json::json_pointer pointer(text.substr(1));
        const auto counted = document_.contains(pointer) ? walk(document_.at(pointer)) : std::nullopt;
        open_.erase(text);
        if (counted) done_.emplace(text, *counted);
        return counted;
    }
    const json &document_;
    std::set<std::string> open_;
    std::map<std::string, size_t> done_;
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
    std::optional<PatternCost> patterns; ///< of a schema that has any
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
        const auto evaluations = References(impl->document).count();
        if (!evaluations)
            return invalid("SchemaInvalid", "the schema has a reference that leads nowhere or back to itself, or more "
                                            "than 256 references");
        if (*evaluations > max_evaluations)
            return invalid("SchemaInvalid", "the schema is too large once its references are followed");
        const auto has = [&](std::string_view key) { return has_key(impl->document, key); };
        if (has("pattern") || has("patternProperties") || has("format")) {
            RIG_TRY_ASSIGN(impl->patterns, PatternCost::of(impl->document, *evaluations));
        }
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
        if (const Status cost = impl_->patterns ? impl_->patterns->check(j) : Status(); !cost.ok())
            return refuse({}, cost.error().message);
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
