// com.example.cheap-first: cheap servers first, and among equally cheap ones those on which nothing failed lately.
#include "preference.hpp"

#include <cmath>
#include <rigger/sdk/json.hpp>
#include <rigger/sdk/plugin.hpp>

namespace {

using cheap_first::Weights;

constexpr const char *kSchema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "priceWeight": {"type": "number", "minimum": 0, "default": 0.7, "description": "share of the price in the score"},
    "quietWeight": {"type": "number", "minimum": 0, "default": 0.3, "description": "share of a server's good record in the score"},
    "pivotPrice": {"type": "number", "exclusiveMinimum": 0, "default": 1.0, "description": "USD per GPU-hour that counts one half"},
    "maxFailures": {"type": ["integer", "null"], "minimum": 0, "default": null, "description": "veto servers with more failure marks than this"}
  }
})";

class CheapFirst final : public rig::Scorer {
public:
    static constexpr rig_column_spec candidate_columns[] = {
        {"node.price", RIG_COL_F64, 0}, {"node.failures", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr rig_column_spec workload_columns[] = {{nullptr, 0, 0}};
    static constexpr double score_min = 0.0, score_max = 1.0;

    CheapFirst(rig::Host host, std::string_view config) : host_(host) {
        auto c = rig::json::object(config, "config");
        if (!c.ok()) return;
        weights_.price = rig::json::get(*c, "priceWeight", weights_.price);
        weights_.quiet = rig::json::get(*c, "quietWeight", weights_.quiet);
        weights_.pivot_price = rig::json::get(*c, "pivotPrice", weights_.pivot_price);
        weights_.max_failures = rig::json::get(*c, "maxFailures", weights_.max_failures);
    }

    // What a schema cannot say is checked here, where it can be refused with words.
    rig::Status start() override {
        if (!(weights_.price + weights_.quiet > 0))
            return rig::Error{RIG_E_INVALID, "NoWeight",
                              "cannot rank servers: priceWeight and quietWeight are both 0; raise one of them", 0};
        host_.log(rig::Level::info, "ranking servers by price and record");
        return {};
    }

    rig::Status score(const rig::ScoreBatch &batch) override {
        for (size_t w = 0; w < batch.workloads(); ++w)
            cheap_first::score_row(weights_, batch.candidate(0).data, batch.candidate(1).data, batch.candidates(),
                                   batch.scores(w));
        return {};
    }

    rig::Result<std::string> explain(const rig::ScoreBatch &batch, size_t, size_t c) override {
        const double price = batch.candidate(0)[c], failures = batch.candidate(1)[c];
        const cheap_first::Terms t = cheap_first::terms(weights_, price, failures);
        const bool vetoed = std::isinf(t.score);
        return rig::json::text(
            {{"terms",
              {{{"name", "score"}, {"value", vetoed ? rig::json::Value() : rig::json::Value(t.score)}},
               {{"name", "price"}, {"value", price}, {"unit", "USD/GPU-hour"}},
               {{"name", "cheapness"}, {"value", t.price}},
               {{"name", "failures"}, {"value", failures}},
               {{"name", "quietness"}, {"value", t.quiet}}}},
             {"text", vetoed ? "too many failures: vetoed" : "the cheaper and the quieter, the closer to 1"}});
    }

private:
    rig::Host host_;
    Weights weights_;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_LOG "?", nullptr};
constexpr rig_component kComponent = rig::scorer<CheapFirst>(RIG_PLUGIN_ID, "Cheap and quiet servers first", kSchema,
                                                             RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE, kNeeds);

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
