#include "replay.hpp"

#include "fields.hpp"
#include "json_market.hpp"
#include "json_text.hpp"

#include <chutes/names.hpp>

#include <algorithm>
#include <unordered_map>

namespace catalog {
namespace {

using Json = nlohmann::json;

/// Takes the {chute_id: ...} out of a metrics or utilization item.
template <typename Row>
rig::Status row_of(const Json &item, const char *name, rig::Result<Row> (*parse)(const Json &, const std::string &),
                   std::optional<std::pair<std::string, Row>> &into) {
    Fields f(item, name);
    const std::string id = f.text("chute_id");
    if (f.error()) return rig::Error{RIG_E_INVALID, "MarketFile", *f.error(), 0};
    if (id.empty()) return rig::Error{RIG_E_INVALID, "MarketFile", std::string(name) + ".chute_id is missing", 0};
    auto row = parse(item, name);
    if (!row.ok()) return row.error();
    into.emplace(id, *row);
    return {};
}

rig::Status read_event(const Json &item, ReplayStep &step) {
    if (!item.is_object()) return rig::Error{RIG_E_INVALID, "MarketFile", "event must be an object", 0};
    Json event = item;
    if (!event.contains("type") && event.contains("reason")) { // as the validator's socket names it
        event["type"] = event["reason"];
        event.erase("reason");
    }
    if (!event.contains("type") || !event["type"].is_string())
        return rig::Error{RIG_E_INVALID, "MarketFile", "event.type is missing", 0};
    if (!event.contains("data")) event["data"] = Json::object();
    step.event = event.dump();
    return {};
}

rig::Status read_step(const Json &line, ReplayStep &step) {
    if (const auto at = line.find("chute"); at != line.end()) {
        auto chute = chute_from_json(*at, "chute");
        if (!chute.ok()) return chute.error();
        if (chute->id.empty()) return rig::Error{RIG_E_INVALID, "MarketFile", "chute.chute_id is missing", 0};
        if (chute->name.empty()) chute->name = chute->id;
        if (chute->version.empty()) chute->version = chutes::uuid5_oid(chute->id + ":unversioned");
        if (chute->image.empty()) chute->image = "catalogue/chute:latest";
        step.chute = std::move(*chute);
    }
    if (const auto at = line.find("metrics"); at != line.end())
        if (auto s = row_of<Metrics>(*at, "metrics", &metrics_from_json, step.metrics); !s.ok()) return s;
    if (const auto at = line.find("utilization"); at != line.end())
        if (auto s = row_of<Utilization>(*at, "utilization", &utilization_from_json, step.utilization); !s.ok())
            return s;
    if (const auto at = line.find("event"); at != line.end())
        if (auto s = read_event(*at, step); !s.ok()) return s;
    Fields f(line, "line");
    step.remove = f.text("remove");
    if (const auto at = line.find("deleteInstances"); at != line.end()) {
        Fields d(*at, "deleteInstances");
        ReplayStep::Deletion deletion;
        deletion.offer = d.text("offer", deletion.offer);
        deletion.message = d.text("message", deletion.message);
        deletion.count = static_cast<size_t>(d.count("count", 1'000'000).value_or(1));
        if (d.error()) return rig::Error{RIG_E_INVALID, "MarketFile", *d.error(), 0};
        step.deletion = std::move(deletion);
    }
    if (f.error()) return rig::Error{RIG_E_INVALID, "MarketFile", *f.error(), 0};
    if (!step.changes_market() && step.event.empty() && !step.deletion)
        return rig::Error{RIG_E_INVALID, "MarketFile",
                          "holds none of chute, metrics, utilization, remove, event, deleteInstances", 0};
    return {};
}

} // namespace

rig::Result<std::vector<ReplayStep>> parse_replay(std::string_view text, std::string_view file) {
    std::vector<ReplayStep> steps;
    std::optional<WallNs> start;
    size_t number = 0;
    for (size_t from = 0; from < text.size();) {
        const size_t end = std::min(text.find('\n', from), text.size());
        const std::string_view line = text.substr(from, end - from);
        from = end + 1;
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos || line[0] == '#') continue;
        auto document = parse_json(line, file);
        if (!document.ok()) return refused(file, number, document.error().message);
        if (!document->is_object()) return refused(file, number, "must be an object");
        ReplayStep step;
        step.line = number;
        const auto at = document->find("at");
        if (at != document->end() && at->is_number() && at->get<double>() >= 0 && at->get<double>() <= 1e10) {
            step.at = at->get<double>();
        } else {
            const std::optional<WallNs> moment = at != document->end() && at->is_string()
                                                     ? times::parse_rfc3339(at->get_ref<const std::string &>())
                                                     : std::nullopt;
            if (!moment)
                return refused(file, number, "at must be seconds (0 or more) or a time such as 2026-01-02T03:04:05Z");
            step.at = static_cast<double>(*moment - start.value_or(*moment)) / 1e9;
            if (!start) start = moment;
        }
        if (!steps.empty() && step.at < steps.back().at)
            return refused(file, number, "its time lies before that of line " + std::to_string(steps.back().line));
        if (step.at < 0) return refused(file, number, "its time lies before the first line's");
        if (auto status = read_step(*document, step); !status.ok())
            return refused(file, number, status.error().message);
        if (steps.size() >= most_items) return refused(file, number, "holds more than a million lines");
        steps.push_back(std::move(step));
    }
    return steps;
}

void play(Items &items, const std::vector<ReplayStep> &steps, size_t done) {
    std::unordered_map<std::string, size_t> index;
    for (const Chute &chute : items.chutes) index.emplace(chute.id, index.size());
    std::vector<bool> gone(items.chutes.size());
    for (size_t i = 0; i < std::min(done, steps.size()); ++i) {
        const ReplayStep &step = steps[i];
        if (step.chute) {
            const auto [at, fresh] = index.emplace(step.chute->id, items.chutes.size());
            if (fresh) items.chutes.push_back(*step.chute), gone.push_back(false);
            else items.chutes[at->second] = *step.chute, gone[at->second] = false;
        }
        if (step.metrics) items.metrics.insert_or_assign(step.metrics->first, step.metrics->second);
        if (step.utilization) items.utilization.insert_or_assign(step.utilization->first, step.utilization->second);
        if (const auto at = index.find(step.remove); !step.remove.empty() && at != index.end()) gone[at->second] = true;
    }
    size_t position = 0;
    std::erase_if(items.chutes, [&](const Chute &) { return gone[position++]; });
}

} // namespace catalog
