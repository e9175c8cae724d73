#include "rules.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace catalogue {
namespace {

using reconcile::Action;
using reconcile::Deployment;
using reconcile::Evidence;
using reconcile::Offer;
using reconcile::SourceFacts;

Action end(const Deployment &d, const char *cause, std::string reason, Evidence evidence) {
    return {"terminate", {{"deploymentId", d.id}}, cause, std::move(reason), evidence, {"offers"}};
}

/// Why a missing offer means nothing now; empty: it does mean something.
std::string distrust(const SourceFacts &f, size_t missing, const Limits &l) {
    if (!f.views.usable("offers", l.view_max_age)) return "the view of the market is incomplete or old";
    if (f.offers.empty()) return "the market is empty; an empty answer is taken for no answer";
    const auto known = static_cast<double>(std::max(f.stored.size(), f.offers.size()));
    if (static_cast<double>(missing) > l.missing_few && static_cast<double>(missing) > l.missing_share * known)
        return std::to_string(missing) + " of " + std::to_string(f.stored.size()) +
               " stored offers are missing at once; the market looks cut";
    return {};
}

} // namespace

Verdict judge(const std::string &source, const SourceFacts &f, const Limits &l) {
    std::unordered_map<std::string_view, const Offer *> listed;
    for (const Offer &offer : f.offers) listed.emplace(offer.id, &offer);
    std::unordered_set<std::string_view> in_use, missing;
    for (const Deployment &d : f.deployments) in_use.insert(d.offer_id);
    for (const Offer &stored : f.stored)
        if (!listed.contains(stored.id)) missing.insert(stored.id);
    for (const Deployment &d : f.deployments)
        if (!d.offer_id.empty() && !listed.contains(d.offer_id)) missing.insert(d.offer_id);

    Verdict verdict;
    if (!missing.empty()) verdict.held = distrust(f, missing.size(), l);
    const bool believed = verdict.held.empty();
    for (const Deployment &d : f.deployments) {
        if (!d.live() || d.offer_id.empty()) continue;
        const auto offer = listed.find(d.offer_id);
        if (offer == listed.end()) {
            if (believed && d.phase_age - f.views.age("offers") >= l.grace)
                verdict.actions.push_back(
                    end(d, "OfferGone", "the market lists " + d.offer_name + " no more", Evidence::absence));
            continue;
        }
        const Offer &now = *offer->second;
        const bool changed = !now.version.empty() && !d.version.empty() && now.version != d.version;
        // A job keeps the version it was started with; a rolling update says itself whose turn it is.
        if (changed && !d.is_job() && !now.update_in_progress)
            verdict.actions.push_back(end(d, "VersionChanged",
                                          d.offer_name + " is at version " + now.version + " now, this is " + d.version,
                                          Evidence::definite));
    }
    if (believed)
        for (const Offer &stored : f.stored)
            if (!listed.contains(stored.id) && !in_use.contains(stored.id))
                verdict.actions.push_back({"delete-offer",
                                           {{"source", source}, {"offerId", stored.id}},
                                           "OfferGone",
                                           "the market lists it no more",
                                           Evidence::absence,
                                           {"offers"}});
    return verdict;
}

} // namespace catalogue
