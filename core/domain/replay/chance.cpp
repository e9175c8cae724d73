#include "domain/replay/chance.hpp"

#include "base/random.hpp"

namespace rigger::replay {
namespace {

class ChanceScorer final : public PlacementScorer {
public:
    ChanceScorer(uint64_t seed, double weight) : random_(seed) {
        traits_.name = "random";
        traits_.weight = weight;
    }
    const ScorerTraits &traits() const override { return traits_; }
    Status score(const ScoreBatchView &batch) override {
        for (uint64_t w = 0; w < batch.workloads.rows; ++w)
            for (uint64_t c = 0; c < batch.candidates.rows; ++c) batch.scores[w * batch.stride + c] = random_.unit();
        return {};
    }
    Result<std::string> explain(const ScoreBatchView &, uint64_t, uint64_t) override {
        return Error{Code::unsupported, "Unsupported", "chance has no reasons", 0};
    }
    Status appraise(const TableView &, std::span<double>) override {
        return Error{Code::unsupported, "Unsupported", "chance appraises nothing", 0};
    }

private:
    ScorerTraits traits_;
    Random random_;
};

} // namespace

std::shared_ptr<PlacementScorer> make_chance_scorer(uint64_t seed, double weight) {
    return std::make_shared<ChanceScorer>(seed, weight);
}

} // namespace rigger::replay
