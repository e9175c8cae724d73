#include "market.hpp"

#include <nlohmann/json.hpp>

namespace catalog {

Market::Market(Items items, MultiplierFrom multiplier, std::string validator)
    : items_(std::move(items)), multiplier_(multiplier), validator_(std::move(validator)) {
    for (Chute &chute : items_.chutes) {
        index_.emplace(chute.id, index_.size());
        const auto image = items_.images.find(chute.image_id);
        if (chute.image_id.empty() || image == items_.images.end()) continue;
        if (!image->second.reference.empty()) chute.image = image->second.reference;
        if (!image->second.chutes_version.empty()) chute.chutes_version = image->second.chutes_version;
    }
}

const Chute *Market::find(const std::string &id) const {
    const auto at = index_.find(id);
    return at == index_.end() ? nullptr : &items_.chutes[at->second];
}

const Utilization *Market::utilization(const std::string &id) const {
    const auto at = items_.utilization.find(id);
    return at == items_.utilization.end() ? nullptr : &at->second;
}

double Market::instances(const std::string &id) const {
    const auto at = items_.metrics.find(id);
    return at == items_.metrics.end() ? 0 : at->second.instances;
}

std::string Market::document(size_t index, double own_instances) const {
    const Chute &c = items_.chutes[index];
    const auto metrics = items_.metrics.find(c.id);
    const Metrics m = metrics == items_.metrics.end() ? Metrics{} : metrics->second;
    const Utilization *const found = utilization(c.id);
    const Utilization u = found ? *found : Utilization{};
    const double multiplier =
        multiplier_ == MultiplierFrom::effective ? c.effective_multiplier.value_or(m.multiplier) : m.multiplier;

    nlohmann::json workload{{"refStr", c.ref_str}, {"filename", c.filename}};
    workload["code"] = c.code.empty() ? "# the catalogue holds no code for this chute\n" : c.code;
    if (c.jobs != "[]") workload["jobs"] = nlohmann::json::parse(c.jobs);
    const nlohmann::json document{
        {"id", c.id},
        {"name", c.name},
        {"validator", validator_},
        {"version", c.version},
        {"image", c.image},
        {"chutesVersion", c.chutes_version},
        {"requirements",
         {{"gpuCount", c.gpu_count},
          {"gpuMilli", c.gpu_milli},
          {"gpuModels", c.gpus},
          {"tee", c.tee},
          {"diskGb", c.disk_gb}}},
        {"economics",
         {{"hasMetrics", metrics != items_.metrics.end()},
          {"hasUtilization", found != nullptr},
          {"scalable", u.scalable},
          {"updateInProgress", u.update_in_progress},
          {"computeMultiplier", multiplier},
          {"totalComputeTime", m.compute_time},
          {"totalInvocations", m.invocations},
          {"rateLimitCount", m.rate_limits},
          {"instanceCount", m.instances + own_instances}}},
        {"deployable", c.has_cords},
        {"preemptible", c.preemptible},
        {"maxInstances", c.max_instances ? nlohmann::json(*c.max_instances) : nlohmann::json()},
        {"workload", std::move(workload)}};
    return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace catalog
