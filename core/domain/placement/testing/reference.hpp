// core/domain/placement/testing/reference.hpp -- placement done the slow and obvious way, to check the fast one
// against: no columns, no caches, every pair looked at one by one, everything anew at every step.
#pragma once
#include "domain/failure_memory.hpp"
#include "domain/placement/engine.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rigger::placement::testing {

struct ReferencePair {
    const Offer *offer = nullptr;
    const Server *server = nullptr;
    std::string model;
    double value = 0, gain = 0;
    std::vector<GpuId> gpus; ///< of a placement
    bool retry = false;
};

class Reference {
public:
    Reference(const Snapshot &snapshot, PlacementRules rules, std::vector<std::shared_ptr<PlacementScorer>> scorers)
        : snapshot_(snapshot), rules_(std::move(rules)), scorers_(std::move(scorers)) {
        for (const OfferPtr &offer : snapshot.offers) offers_.push_back(offer.get());
        std::sort(offers_.begin(), offers_.end(), [](const Offer *a, const Offer *b) {
            return std::tie(a->source, a->ordinal, a->id) < std::tie(b->source, b->ordinal, b->id);
        });
        for (const ServerPtr &server : snapshot.servers) servers_.push_back(server.get());
        std::sort(servers_.begin(), servers_.end(), [](const Server *a, const Server *b) { return a->name < b->name; });
        std::set<std::string> models;
        for (const Server *server : servers_)
            for (const Gpu &gpu : server->gpus) models.insert(gpu.model);
        models_.assign(models.begin(), models.end());
        for (const Server *server : servers_) open_books(*server);
        for (const Server *server : servers_)
            for (const std::string &model : models_) snapshot_free_[{server->id, model}] = free_gpus(*server, &model);
        for (const DeploymentPtr &deployment : snapshot.deployments)
            if (deployment->live()) {
                ++copies_[deployment->offer];
                here_.insert({deployment->offer, deployment->server});
            }
    }

    std::vector<ReferencePair> rank_pairs() const {
        std::vector<ReferencePair> pairs;
        for (const Offer *offer : offers_) {
            if (market_rule(*offer) != Rejection::none) continue;
            for (const Server *server : servers_) {
                if (server->locked) continue;
                std::vector<ReferencePair> groups;
                for (const std::string &model : models_) {
                    if (!admits(*offer, model) || !enough_gpus(*offer, *server, model)) continue;
                    const double value = score(*offer, *server, model);
                    if (std::isfinite(value)) groups.push_back({offer, server, model, value, gain(*offer), {}, false});
                }
                if (groups.empty()) continue;
                std::stable_sort(groups.begin(), groups.end(),
                                 [this](const auto &a, const auto &b) { return better(a, b); });
                pairs.push_back(groups[0]);
            }
        }
        std::stable_sort(pairs.begin(), pairs.end(), [this](const auto &a, const auto &b) { return better(a, b); });
        return pairs;
    }

    /// Every pair that automatic placement may take now, best first.
    std::vector<ReferencePair> candidates(bool with_memory = true) const {
        std::vector<ReferencePair> pairs;
        for (const Offer *offer : offers_) {
            if (refusal(*offer, with_memory) != Rejection::none) continue;
            for (const Server *server : servers_)
                for (const std::string &model : models_) {
                    if (!feasible(*offer, *server, model, with_memory)) continue;
                    const double value = score(*offer, *server, model);
                    if (std::isfinite(value) && value >= rules_.min_value)
                        pairs.push_back({offer, server, model, value, gain(*offer), {}, false});
                }
        }
        std::stable_sort(pairs.begin(), pairs.end(), [this](const auto &a, const auto &b) { return better(a, b); });
        return pairs;
    }

    std::vector<ReferencePair> plan() {
        std::vector<ReferencePair> placed;
        while (rules_.max_actions == 0 || placed.size() < rules_.max_actions) {
            const auto pairs = candidates();
            if (pairs.empty()) break;
            placed.push_back(place(pairs[0]));
        }
        if (placed.empty()) {
            auto pairs = candidates(false);
            std::stable_sort(pairs.begin(), pairs.end(),
                             [this](const auto &a, const auto &b) { return failed_at(a) < failed_at(b); });
            if (!pairs.empty()) {
                pairs[0].retry = true;
                placed.push_back(place(pairs[0]));
            }
        }
        return placed;
    }

private:
    struct Books {
        std::map<GpuId, int> milli_free;
        double disk = 0, cpu = 0, memory = 0; ///< left; -1: unknown
    };

    void open_books(const Server &server) {
        Books books;
        const Deployment *holder = nullptr;
        for (const Gpu &gpu : server.gpus) {
            int used = 0;
            bool explained = gpu.deployment.empty();
            for (const DeploymentPtr &deployment : snapshot_.deployments) {
                if (deployment->server != server.id) continue;
                if (std::find(deployment->gpus.begin(), deployment->gpus.end(), gpu.id) == deployment->gpus.end())
                    continue;
                holder = deployment.get();
                used += holder->gpu_milli;
                if (gpu.deployment == holder->id || holder->shares_gpu()) explained = true;
            }
            if (!explained) used = 1000;
            books.milli_free[gpu.id] = gpu.verified && !gpu.reserved && !gpu.set_aside ? std::max(0, 1000 - used) : 0;
        }
        double disk = 0, cpu = 0, memory = 0;
        for (const DeploymentPtr &deployment : snapshot_.deployments) {
            const Offer *offer = find(deployment->offer);
            if (deployment->server != server.id || !offer) continue;
            if (deployment->stub()) disk += offer->needs.disk_gb;
            cpu += offer->needs.cpu_milli;
            memory += static_cast<double>(offer->needs.memory_mib);
        }
        books.disk = server.disk_total_gb > 0
                         ? std::max(0.0, server.disk_total_gb - server.disk_used_gb - disk - rules_.disk_margin_gb)
                         : -1;
        books.cpu = books.memory = -1;
        for (const ClusterState &cluster : snapshot_.clusters)
            for (const auto &node : cluster.node_list)
                if (cluster.name == server.cluster && node->name == server.name) {
                    books.cpu = std::max(0.0, node->cpu_milli - cpu);
                    books.memory = std::max(0.0, static_cast<double>(node->memory_mib) - memory);
                }
        books_[server.id] = books;
    }

    const Offer *find(const OfferId &id) const {
        for (const Offer *offer : offers_)
            if (offer->id == id) return offer;
        return nullptr;
    }
    static bool admits(const Offer &offer, const std::string &model) {
        return std::find(offer.needs.gpu_models.begin(), offer.needs.gpu_models.end(), model) !=
               offer.needs.gpu_models.end();
    }
    static bool is_share(const Offer &offer) { return offer.needs.gpu_count == 1 && offer.needs.gpu_milli < 1000; }

    static Rejection market_rule(const Offer &offer) {
        if (!offer.deployable) return Rejection::not_deployable;
        if (!offer.economics.has_metrics) return Rejection::no_metrics;
        if (!offer.economics.has_utilization) return Rejection::no_utilization;
        if (!offer.economics.scalable) return Rejection::not_scalable;
        return offer.economics.update_in_progress ? Rejection::update_in_progress : Rejection::none;
    }

    Rejection refusal(const Offer &offer, bool with_memory) const {
        if (market_rule(offer) != Rejection::none) return market_rule(offer);
        if (snapshot_.bans.contains(offer.id) || rules_.banned.contains(offer.id) ||
            rules_.banned.contains(OfferId(offer.name)))
            return Rejection::banned;
        if (rules_.whitelist && !rules_.whitelist->contains(offer.id) &&
            !rules_.whitelist->contains(OfferId(offer.name)))
            return Rejection::not_whitelisted;
        const int copies = copies_of(offer);
        if (rules_.max_copies_per_offer > 0 && copies >= rules_.max_copies_per_offer)
            return Rejection::offer_cap_reached;
        if (offer.max_instances && copies >= *offer.max_instances) return Rejection::offer_cap_reached;
        for (const Backoff &backoff : snapshot_.backoffs)
            if (backoff.offer == offer.id && backoff.until > snapshot_.taken_at) return Rejection::backoff;
        if (with_memory && mark(offer.id, {})) return Rejection::recently_failed;
        return Rejection::none;
    }

    const FailureMark *mark(const OfferId &offer, const ServerId &server) const {
        const FailureMark *latest = nullptr;
        for (const FailureMark &one : snapshot_.failures)
            if (one.offer == offer && one.server == server && one.until > snapshot_.taken_at &&
                (!latest || latest->deleted_at < one.deleted_at))
                latest = &one;
        return latest;
    }

    int copies_of(const Offer &offer) const {
        const auto at = copies_.find(offer.id);
        return at == copies_.end() ? 0 : at->second;
    }

    double free_gpus(const Server &server, const std::string *model) const {
        double free = 0;
        for (const Gpu &gpu : server.gpus)
            free += (!model || gpu.model == *model) && books_.at(server.id).milli_free.at(gpu.id) == 1000;
        return free;
    }

    bool enough_gpus(const Offer &offer, const Server &server, const std::string &model) const {
        bool has = false;
        for (const Gpu &gpu : server.gpus) has |= gpu.model == model;
        if (!has) return false;
        if (!is_share(offer)) return free_gpus(server, &model) >= offer.needs.gpu_count;
        for (const Gpu &gpu : server.gpus)
            if (gpu.model == model && books_.at(server.id).milli_free.at(gpu.id) >= offer.needs.gpu_milli) return true;
        return false;
    }

    bool feasible(const Offer &offer, const Server &server, const std::string &model, bool with_memory) const {
        bool known = false;
        for (const ClusterState &cluster : snapshot_.clusters)
            known |= cluster.name == server.cluster && cluster.nodes.complete && cluster.pods.complete;
        const Books &books = books_.at(server.id);
        return admits(offer, model) && enough_gpus(offer, server, model) && !server.locked && server.ready && known &&
               server.tee == offer.needs.tee && (server.validator.empty() || server.validator == offer.source.str()) &&
               (books.disk < 0 || books.disk >= offer.needs.disk_gb) &&
               (books.cpu < 0 || books.cpu >= offer.needs.cpu_milli) &&
               (books.memory < 0 || books.memory >= static_cast<double>(offer.needs.memory_mib)) &&
               !here_.contains({offer.id, server.id}) && (!with_memory || !mark(offer.id, server.id));
    }

    double candidate_column(const std::string &name, const Server &server, const std::string &model) const {
        const Books &books = books_.at(server.id);
        if (name == "gpu.free") return free_gpus(server, &model);
        if (name == "node.gpus_free") return free_gpus(server, nullptr);
        if (name == "node.gpus_total") return static_cast<double>(server.gpus.size());
        if (name == "node.price") return std::max(server.hourly_cost, rules_.cost_floor);
        if (name == "node.disk_free_gb") return books.disk;
        return 0;
    }

    double workload_column(const std::string &name, const Offer &offer) const {
        const Economics &economics = offer.economics;
        const auto extra = placed_.find(offer.id);
        if (name == "gpu.count") return offer.needs.gpu_count;
        if (name == "offer.multiplier") return economics.compute_multiplier;
        if (name == "offer.compute_time") return economics.total_compute_time;
        if (name == "offer.invocations") return economics.total_invocations;
        if (name == "offer.rate_limits") return economics.rate_limit_count;
        if (name == "offer.instances") return economics.instance_count + (extra == placed_.end() ? 0 : extra->second);
        if (name == "offer.local_instances") return copies_of(offer);
        if (name == "offer.private") return offer.preemptible ? 0 : 1;
        return 0;
    }

    /// A column's storage of one row, in the width of a cache line.
    struct alignas(64) Cell {
        double value[8]{};
    };
    struct Row {
        std::vector<Cell> cells;
        std::vector<ColumnView> views;
    };
    Row workload_row(const PlacementScorer &scorer, const Offer &offer) const {
        Row row;
        const auto &specs = scorer.traits().workload_columns;
        row.cells.resize(specs.size());
        for (size_t i = 0; i < specs.size(); ++i) {
            row.cells[i].value[0] = workload_column(specs[i].name, offer);
            row.views.push_back({row.cells[i].value, nullptr, ColumnType::f64});
        }
        return row;
    }

    double call(PlacementScorer &scorer, const Offer &offer, const Server &server, const std::string &model) const {
        const auto &specs = scorer.traits().candidate_columns;
        Row candidate;
        candidate.cells.resize(specs.size());
        for (size_t i = 0; i < specs.size(); ++i) {
            if (specs[i].type == ColumnType::u32) {
                const uint32_t zero = 0;
                std::memcpy(candidate.cells[i].value, &zero, sizeof zero);
            } else {
                candidate.cells[i].value[0] = candidate_column(specs[i].name, server, model);
            }
            candidate.views.push_back({candidate.cells[i].value, nullptr, specs[i].type});
        }
        const Row workload = workload_row(scorer, offer);
        double score = std::numeric_limits<double>::quiet_NaN();
        ScoreBatchView batch;
        batch.candidates = {1, candidate.views};
        batch.workloads = {1, workload.views};
        batch.stride = 1;
        batch.scores = &score;
        return scorer.score(batch).ok() ? score : std::numeric_limits<double>::quiet_NaN();
    }

    double score(const Offer &offer, const Server &server, const std::string &model) const {
        double value = 1, sum = 0, weights = 0;
        bool veto = false, has_value = false;
        for (const auto &scorer : scorers_) {
            const ScorerTraits &traits = scorer->traits();
            const double score = call(*scorer, offer, server, model);
            if (traits.role == ScoreRole::value) {
                if (!has_value) value = score;
                has_value = true;
                continue;
            }
            if (std::isnan(score)) continue;
            if (std::isinf(score)) {
                veto |= traits.may_veto;
                continue;
            }
            sum += traits.weight * ((score - traits.score_min) / (traits.score_max - traits.score_min));
            weights += traits.weight;
        }
        if (veto) return -std::numeric_limits<double>::infinity();
        return weights > 0 ? value * (1 + rules_.preference_share * (sum / weights)) : value;
    }

    double gain(const Offer &offer) const {
        for (const auto &scorer : scorers_) {
            if (scorer->traits().role != ScoreRole::value) continue;
            const Row row = workload_row(*scorer, offer);
            double value[1]{std::numeric_limits<double>::quiet_NaN()};
            if (!scorer->appraise({1, row.views}, value).ok() || !std::isfinite(value[0])) break;
            return value[0];
        }
        return -std::numeric_limits<double>::infinity();
    }

    bool better(const ReferencePair &a, const ReferencePair &b) const {
        if (a.value != b.value) return a.value > b.value;
        if (a.gain != b.gain) return a.gain > b.gain;
        const auto listed = [this](const Offer *o) { return std::find(offers_.begin(), offers_.end(), o); };
        if (a.offer != b.offer) return listed(a.offer) < listed(b.offer);
        const auto free_then = [this](const ReferencePair &p) { return snapshot_free_.at({p.server->id, p.model}); };
        if (a.server->hourly_cost != b.server->hourly_cost) return a.server->hourly_cost < b.server->hourly_cost;
        if (free_then(a) != free_then(b)) return free_then(a) < free_then(b);
        return std::tie(a.server->name, a.model) < std::tie(b.server->name, b.model);
    }

    std::pair<int64_t, int64_t> failed_at(const ReferencePair &pair) const {
        const FailureMark *here = mark(pair.offer->id, pair.server->id), *everywhere = mark(pair.offer->id, {});
        const int64_t there = here ? here->deleted_at.ns : std::numeric_limits<int64_t>::min();
        return {everywhere ? everywhere->deleted_at.ns : there, there};
    }

    ReferencePair place(ReferencePair pair) {
        const Requirements &needs = pair.offer->needs;
        Books &books = books_.at(pair.server->id);
        std::vector<const Gpu *> gpus;
        for (const Gpu &gpu : pair.server->gpus)
            if (gpu.model == pair.model) gpus.push_back(&gpu);
        std::sort(gpus.begin(), gpus.end(), [](const Gpu *a, const Gpu *b) { return a->id < b->id; });
        if (is_share(*pair.offer)) {
            std::erase_if(gpus, [&](const Gpu *gpu) { return books.milli_free.at(gpu->id) < needs.gpu_milli; });
            std::stable_sort(gpus.begin(), gpus.end(), [&](const Gpu *a, const Gpu *b) {
                return books.milli_free.at(a->id) < books.milli_free.at(b->id);
            });
            books.milli_free[gpus[0]->id] -= needs.gpu_milli;
            pair.gpus = {gpus[0]->id};
        } else {
            for (const Gpu *gpu : gpus) {
                if (static_cast<int>(pair.gpus.size()) == needs.gpu_count) break;
                if (books.milli_free.at(gpu->id) != 1000) continue;
                books.milli_free[gpu->id] = 0;
                pair.gpus.push_back(gpu->id);
            }
        }
        if (books.disk >= 0) books.disk -= needs.disk_gb;
        if (books.cpu >= 0) books.cpu -= needs.cpu_milli;
        if (books.memory >= 0) books.memory -= static_cast<double>(needs.memory_mib);
        ++copies_[pair.offer->id];
        ++placed_[pair.offer->id];
        here_.insert({pair.offer->id, pair.server->id});
        return pair;
    }

    const Snapshot &snapshot_;
    PlacementRules rules_;
    std::vector<std::shared_ptr<PlacementScorer>> scorers_;
    std::vector<const Offer *> offers_;
    std::vector<const Server *> servers_;
    std::vector<std::string> models_;
    std::map<ServerId, Books> books_;
    std::map<OfferId, int> copies_, placed_;
    std::set<std::pair<OfferId, ServerId>> here_;
    std::map<std::pair<ServerId, std::string>, double> snapshot_free_; ///< breaks ties to the end of a plan
};

} // namespace rigger::placement::testing
