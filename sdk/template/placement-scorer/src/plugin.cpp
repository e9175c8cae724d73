// @ID@: a preference for cheap servers.
//
// A preference score speaks of one pair of workload and server, from 0 to 1. The host multiplies a pair's value by
// 1 + weight x preference, so that a server with a score of 1 and the weight 0.5 wins over one that is worth up to 50 % more.
#include <rigger/sdk/json.hpp>
#include <rigger/sdk/plugin.hpp>

namespace {

constexpr const char *kSchema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "pivotPrice": {"type": "number", "exclusiveMinimum": 0, "default": 1.0,
                   "description": "USD per GPU-hour at which a server scores one half"}
  }
})";

// The hot loop: one call for many servers, over plain arrays that the compiler can vectorise. Keep branches out of it.
RIG_VECTORISED void score_prices(const double *price, size_t n, double pivot, double *out) {
    for (size_t i = 0; i < n; ++i) out[i] = pivot / (pivot + price[i]);
}

class @CLASS@ final : public rig::Scorer {
public:
    // Columns in the order in which batch.candidate(i) and batch.workload(i) give them; all names: docs/plugins/columns.md.
    static constexpr rig_column_spec candidate_columns[] = {{"node.price", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr rig_column_spec workload_columns[] = {{nullptr, 0, 0}};
    static constexpr double score_min = 0.0, score_max = 1.0;

    @CLASS@(rig::Host, std::string_view config) {
        // The host has checked the document against kSchema and filled in the defaults.
        if (auto c = rig::json::object(config, "config"); c.ok()) pivot_ = rig::json::get(*c, "pivotPrice", pivot_);
    }

    rig::Status score(const rig::ScoreBatch &batch) override {
        for (size_t w = 0; w < batch.workloads(); ++w)
            score_prices(batch.candidate(0).data, batch.candidates(), pivot_, batch.scores(w));
        return {};
    }

    // For `rigger plugins explain`: the same numbers as score(), in words. The term "score" is the score itself.
    rig::Result<std::string> explain(const rig::ScoreBatch &batch, size_t, size_t candidate) override {
        const double price = batch.candidate(0)[candidate];
        return rig::json::text({{"terms", {{{"name", "score"}, {"value", pivot_ / (pivot_ + price)}},
                                           {{"name", "price"}, {"value", price}, {"unit", "USD/GPU-hour"}}}},
                                {"text", "the cheaper the server, the closer to 1"}});
    }

private:
    double pivot_ = 1.0;
};

constexpr rig_component kComponent = rig::scorer<@CLASS@>(RIG_PLUGIN_ID, "@TITLE@", kSchema,
                                                          RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
