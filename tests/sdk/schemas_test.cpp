// The schemas that the SDK ships accept what they must, refuse what they must, and agree with what the tree itself
// writes.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#include <yaml-cpp/yaml.h>

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

json read(const fs::path &p) {
    std::ifstream in(p);
    json out = json::parse(in, nullptr, false);
    EXPECT_FALSE(out.is_discarded()) << p;
    return out;
}

std::string problems(const std::string &schema_name, const json &document) {
    const json text = read(fs::path(SCHEMAS) / (schema_name + ".json"));
    valijson::Schema schema;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(Adapter(text), schema);
    valijson::ValidationResults results;
    if (valijson::Validator().validate(schema, Adapter(document), &results)) return {};
    std::string out = "refused:";
    for (valijson::ValidationResults::Error e; results.popError(e);) {
        out += " ";
        for (const std::string &step : e.context) out += step;
        out += " " + e.description;
    }
    return out;
}

json from_yaml(const YAML::Node &n) {
    if (n.IsMap()) {
        json out = json::object();
        for (const auto &e : n) out[e.first.as<std::string>()] = from_yaml(e.second);
        return out;
    }
    if (n.IsSequence()) {
        json out = json::array();
        for (const auto &e : n) out.push_back(from_yaml(e));
        return out;
    }
    if (!n.IsScalar()) return nullptr;
    const std::string text = n.Scalar();
    if (n.Tag() == "!") return text; // quoted
    if (text == "true" || text == "false") return text == "true";
    if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos && text.size() < 10)
        return std::stoll(text);
    return text;
}

class Schema : public ::testing::TestWithParam<std::string> {};

TEST_P(Schema, AcceptsEveryGoodExample) {
    const json examples = read(fs::path(EXAMPLES) / (GetParam() + ".json"));
    ASSERT_FALSE(examples["good"].empty());
    for (const auto &[name, document] : examples["good"].items()) EXPECT_EQ(problems(GetParam(), document), "") << name;
}
TEST_P(Schema, RefusesEveryBadExample) {
    const json examples = read(fs::path(EXAMPLES) / (GetParam() + ".json"));
    ASSERT_FALSE(examples["bad"].empty());
    for (const auto &[name, document] : examples["bad"].items()) EXPECT_NE(problems(GetParam(), document), "") << name;
}
INSTANTIATE_TEST_SUITE_P(All, Schema,
                         ::testing::Values("manifest", "offer", "instance", "event", "deployment", "action",
                                           "catalogue"),
                         [](const auto &p) { return p.param; });

TEST(Schemas, EveryManifestOfTheTree_IsValid) {
    size_t seen = 0;
    for (const char *folder : {"plugins", "examples"}) {
        if (!fs::exists(fs::path(ROOT) / folder)) continue;
        for (const auto &e : fs::recursive_directory_iterator(fs::path(ROOT) / folder)) {
            if (e.path().filename() != "plugin.yaml") continue;
            json manifest = from_yaml(YAML::LoadFile(e.path().string()));
            EXPECT_EQ(problems("manifest", manifest), "") << e.path();
            ++seen;
        }
    }
    EXPECT_GT(seen, 0u);
}

TEST(Schemas, AManifestThatTheBuildCompleted_IsValid) {
    for (const char *fault : {"none", "wrong_id", "hasty_reconciler"})
        EXPECT_EQ(problems("manifest", from_yaml(YAML::LoadFile(std::string(BAD_DIR) + "/" + fault + "/plugin.yaml"))),
                  "")
            << fault;
}

} // namespace
