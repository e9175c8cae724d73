#include "config.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

namespace catalog {

const char *const config_schema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "csv": {"type": "string", "description": "list of models (chute_id,name,invocation_count,current_estimated_price,supported_gpus); absolute path"},
    "market": {"type": "string", "description": "one JSON file with the lists chutes, metrics, utilization and, optionally, images; absolute path"},
    "chutes": {"type": "string", "description": "JSON file with the list of chutes; absolute path"},
    "metrics": {"type": "string", "description": "JSON file with the metrics of the last hour; absolute path"},
    "utilization": {"type": "string", "description": "JSON file with the utilization rows; absolute path"},
    "images": {"type": "string", "description": "JSON file with the images; absolute path"},
    "replay": {"type": "string", "description": "recorded events and market changes, one JSON object per line; absolute path"},
    "state": {"type": "string", "minLength": 1, "maxLength": 64, "default": "default", "description": "name under which launch tokens and instances are remembered; give each catalogue its own"},
    "replaySpeed": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000000, "default": 1, "description": "recorded seconds per second"},
    "csvWindowHours": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000000, "default": 720, "description": "hours in which invocation_count was counted"},
    "seed": {"type": "integer", "minimum": 0, "maximum": 9007199254740991, "default": 1, "description": "of everything that is derived or invented"},
    "multiplier": {"type": "string", "enum": ["metrics", "effective"], "default": "metrics", "description": "which figure is an offer's compute multiplier"},
    "countOwnInstances": {"type": "boolean", "default": false, "description": "add our own active instances to the market's instance counts"},
    "allowEmpty": {"type": "boolean", "default": false, "description": "believe a list without items"},
    "pollSeconds": {"type": "number", "minimum": 0.1, "maximum": 3600, "default": 2, "description": "how often the files are looked at"},
    "shrinkHoldSeconds": {"type": "number", "minimum": 0, "maximum": 86400, "default": 60, "description": "how long a market that lost more than half of its offers must stand before it is believed"},
    "validator": {"type": "object", "additionalProperties": false, "default": {}, "properties": {
      "scaling": {"type": "string", "enum": ["none", "scalable", "public-rule"], "default": "scalable", "description": "when a claim is refused for lack of room"},
      "register": {"type": "string", "enum": ["announce", "event"], "default": "announce", "description": "how the instance id reaches us"},
      "verifySeconds": {"type": "number", "minimum": 0, "maximum": 1000000, "default": 20},
      "activateSeconds": {"type": "number", "minimum": 0, "maximum": 1000000, "default": 10},
      "claimSeconds": {"type": "number", "minimum": 1, "maximum": 1000000, "default": 7200},
      "hotkey": {"type": "string", "maxLength": 100, "description": "whom the catalogue plays: servers pledged to others are left alone; without it, whomever a server is pledged to"},
      "minerHotkey": {"type": "string", "default": "5CatalogueMinerHotkey"},
      "script": {"type": "array", "default": [], "maxItems": 1000, "items": {"type": "object", "additionalProperties": false, "required": ["when"], "properties": {
        "when": {"type": "string", "enum": ["claim", "verify", "activate", "active"]},
        "offer": {"type": "string", "default": "*"},
        "answer": {"type": "string", "enum": ["exhausted", "denied", "not-found", "unavailable"], "default": "exhausted"},
        "message": {"type": "string", "default": "scripted"},
        "times": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 1},
        "afterSeconds": {"type": "number", "minimum": 0, "maximum": 1000000, "default": 0},
        "retryAfterSeconds": {"type": "number", "minimum": 0, "maximum": 86400, "default": 30}}}}
    }},
    "workload": {"type": "object", "additionalProperties": false, "default": {}, "properties": {
      "registry": {"type": "string", "default": "registry.chutes.ai"},
      "registryProxyPort": {"type": "integer", "minimum": 0, "maximum": 65535, "default": 30500, "description": "node port of the proxy through which images are pulled; 0: from the registry itself"},
      "cacheRoot": {"type": "string", "default": "/var/snap/cache"},
      "cacheMaxAgeDays": {"type": "integer", "minimum": 0, "maximum": 100000, "default": 7},
      "cacheMaxSizeGb": {"type": "integer", "minimum": 0, "maximum": 10000000, "default": 500},
      "runtimeClass": {"type": "string", "default": "nvidia"},
      "terminationGraceSeconds": {"type": "integer", "minimum": 0, "maximum": 86400, "default": 180}
    }}
  }
})";

namespace {

using Json = nlohmann::json;

/// Reads what the schema promises and still checks it: the plugin may run under a host that does not validate.
class Section {
public:
    Section(const Json &object, std::string path, std::string &error)
        : object_(object), path_(std::move(path)), error_(error) {}

    void read(const char *key, std::string &into) const {
        if (const Json *v = value(key)) v->is_string() ? void(into = v->get<std::string>()) : fail(key, "a text");
    }
    void read(const char *key, bool &into) const {
        if (const Json *v = value(key)) v->is_boolean() ? void(into = v->get<bool>()) : fail(key, "true or false");
    }
    void read(const char *key, double &into, double lowest, double highest) const {
        const Json *const v = value(key);
        if (!v) return;
        if (v->is_number() && v->get<double>() >= lowest && v->get<double>() <= highest) into = v->get<double>();
        else fail(key, "a number from " + Json(lowest).dump() + " to " + Json(highest).dump());
    }
    template <typename Int> void read_whole(const char *key, Int &into, double lowest, double highest) const {
        double number = static_cast<double>(into);
        read(key, number, lowest, highest);
        if (number != std::floor(number)) fail(key, "a whole number");
        else into = static_cast<Int>(number);
    }
    template <typename Enum>
    void choose(const char *key, Enum &into, std::initializer_list<std::pair<const char *, Enum>> choices) const {
        const Json *const v = value(key);
        if (!v) return;
        std::string names;
        for (const auto &[name, choice] : choices) {
            if (*v == name) return void(into = choice);
            names += (names.empty() ? "" : ", ") + std::string(name);
        }
        fail(key, "one of " + names);
    }
    const Json *value(const char *key) const {
        const auto at = object_.find(key);
        return at == object_.end() || at->is_null() ? nullptr : &*at;
    }
    void fail(const char *key, const std::string &expected) const {
        if (error_.empty()) error_ = "source-catalog: " + path_ + key + " must be " + expected;
    }

private:
    const Json &object_;
    std::string path_;
    std::string &error_;
};

void read_script(const Json &list, std::vector<ScriptRule> &into, std::string &error) {
    for (const Json &item : list) {
        const Section s(item, "config.validator.script[" + std::to_string(into.size()) + "].", error);
        ScriptRule rule;
        using When = ScriptRule::When;
        s.choose(
            "when", rule.when,
            {{"claim", When::claim}, {"verify", When::verify}, {"activate", When::activate}, {"active", When::active}});
        s.read("offer", rule.offer);
        s.read("answer", rule.answer);
        s.read("message", rule.message);
        s.read_whole("times", rule.times, 1, 1e6);
        s.read("afterSeconds", rule.after_seconds, 0, 1e6);
        s.read("retryAfterSeconds", rule.retry_after_seconds, 0, 86400);
        into.push_back(std::move(rule));
    }
}

void read_validator(const Json &object, ValidatorConfig &v, std::string &error) {
    const Section s(object, "config.validator.", error);
    using Scaling = ValidatorConfig::Scaling;
    s.choose("scaling", v.scaling,
             {{"none", Scaling::none}, {"scalable", Scaling::scalable}, {"public-rule", Scaling::public_rule}});
    s.choose("register", v.register_by_event, {{"announce", false}, {"event", true}});
    s.read("verifySeconds", v.verify_seconds, 0, 1e6);
    s.read("activateSeconds", v.activate_seconds, 0, 1e6);
    s.read("claimSeconds", v.claim_seconds, 1, 1e6);
    s.read("hotkey", v.hotkey);
    s.read("minerHotkey", v.miner_hotkey);
    if (const Json *script = s.value("script"))
        script->is_array() ? read_script(*script, v.script, error) : s.fail("script", "a list of rules");
}

void read_workload(const Json &object, ::chutes::Settings &w, std::string &error) {
    const Section s(object, "config.workload.", error);
    s.read("registry", w.registry);
    s.read_whole("registryProxyPort", w.registry_proxy_port, 0, 65535);
    s.read("cacheRoot", w.cache_root);
    s.read_whole("cacheMaxAgeDays", w.cache_max_age_days, 0, 1e5);
    s.read_whole("cacheMaxSizeGb", w.cache_max_size_gb, 0, 1e7);
    s.read("runtimeClass", w.runtime_class);
    s.read_whole("terminationGraceSeconds", w.termination_grace_seconds, 0, 86400);
}

void check_sources(const Config &c, std::string &error) {
    if (!error.empty()) return;
    const int ways = !c.csv.empty() + !c.market.empty() + !c.chutes.empty();
    if (ways != 1) error = "source-catalog: config must name exactly one of csv, market or chutes";
    else if (c.chutes.empty() && !(c.metrics.empty() && c.utilization.empty()))
        error = "source-catalog: config.metrics and config.utilization go with config.chutes";
}

} // namespace

rig::Result<Config> parse_config(std::string_view text) {
    const Json object = text.empty() ? Json::object() : Json::parse(text, nullptr, false);
    if (!object.is_object())
        return rig::Error{RIG_E_INVALID, "ConfigValue", "source-catalog: config must be an object", 0};
    Config c;
    std::string error;
    const Section s(object, "config.", error);
    s.read("csv", c.csv);
    s.read("market", c.market);
    s.read("chutes", c.chutes);
    s.read("metrics", c.metrics);
    s.read("utilization", c.utilization);
    s.read("images", c.images);
    s.read("replay", c.replay);
    s.read("state", c.state);
    if (c.state.empty() || c.state.size() > 64) s.fail("state", "a name of 1 to 64 characters");
    s.read("replaySpeed", c.replay_speed, 1e-6, 1e6);
    s.read("csvWindowHours", c.csv_rule.window_hours, 1e-3, 1e6);
    s.read_whole("seed", c.csv_rule.seed, 0, 9007199254740991.0);
    s.choose("multiplier", c.multiplier,
             {{"metrics", MultiplierFrom::metrics}, {"effective", MultiplierFrom::effective}});
    s.read("countOwnInstances", c.count_own_instances);
    s.read("allowEmpty", c.allow_empty);
    s.read("pollSeconds", c.poll_seconds, 0.1, 3600);
    s.read("shrinkHoldSeconds", c.shrink_hold_seconds, 0, 86400);
    for (const char *key : {"validator", "workload"})
        if (const Json *v = s.value(key); v && !v->is_object()) s.fail(key, "an object");
    if (const Json *v = s.value("validator"); v && error.empty()) read_validator(*v, c.validator, error);
    if (const Json *v = s.value("workload"); v && error.empty()) read_workload(*v, c.workload, error);
    c.validator.seed = c.csv_rule.seed;
    c.workload.miner_hotkey = c.validator.miner_hotkey;
    c.workload.validator_hotkey = c.validator.hotkey.empty() ? "5CatalogueValidatorHotkey" : c.validator.hotkey;
    check_sources(c, error);
    if (!error.empty()) return rig::Error{RIG_E_INVALID, "ConfigValue", error, 0};
    return c;
}

} // namespace catalog
