#include "control/views/resolve.hpp"

#include "base/utf8.hpp"

#include <vector>

namespace rigger::views {
namespace {

/// id and name of one candidate.
struct Label {
    std::string_view id, name;
};

struct Words {
    const char *what, *title, *list_command;
};

template <typename Ptr, typename LabelOf>
Error ambiguous(const std::vector<Ptr> &found, std::string_view text, LabelOf label_of, const Words &words) {
    constexpr size_t shown = 5;
    std::string candidates;
    for (size_t i = 0; i < found.size() && i < shown; ++i) {
        const Label l = label_of(*found[i]);
        candidates += (i ? ", " : "") + std::string(l.id) + (l.name.empty() ? "" : " (" + std::string(l.name) + ")");
    }
    if (found.size() > shown) candidates += " and " + std::to_string(found.size() - shown) + " more";
    return invalid(std::string("Ambiguous") + words.title,
                   in_quotes(text) + " could be any of these " + words.what + "s: " + candidates + "; give the id");
}

/// Exact id, then exact name, then prefix of the id: the first rule that matches anything decides.
template <typename Ptr, typename LabelOf>
Result<Ptr> resolve(const SharedList<Ptr> &all, std::string_view text, LabelOf label_of, const Words &words) {
    const auto matching = [&](auto &&rule) {
        std::vector<Ptr> found;
        for (const Ptr &item : all)
            if (rule(label_of(*item))) found.push_back(item);
        return found;
    };
    std::vector<Ptr> found;
    if (!text.empty()) found = matching([&](const Label &l) { return l.id == text; });
    if (!text.empty() && found.empty()) found = matching([&](const Label &l) { return l.name == text; });
    if (!text.empty() && found.empty()) found = matching([&](const Label &l) { return l.id.starts_with(text); });
    if (found.size() == 1) return found.front();
    if (found.empty())
        return not_found(std::string("Unknown") + words.title, std::string("there is no ") + words.what + " " +
                                                                   in_quotes(text) + "; `" + words.list_command +
                                                                   "` lists them");
    return ambiguous(found, text, label_of, words);
}

} // namespace

std::string in_quotes(std::string_view typed) {
    constexpr size_t most = 100;
    const size_t shown = utf8_prefix(typed, most);
    return "'" + std::string(typed.substr(0, shown)) + (shown < typed.size() ? "...'" : "'");
}

Result<OfferPtr> resolve_offer(const Snapshot &snapshot, std::string_view text) {
    return resolve(snapshot.offers, text,
                   [](const Offer &o) {
                       return Label{o.id.value, o.name};
                   },
                   {"chute", "Offer", "rigger chutes --all"});
}

Result<ServerPtr> resolve_server(const Snapshot &snapshot, std::string_view text) {
    return resolve(snapshot.servers, text,
                   [](const Server &s) {
                       return Label{s.id.value, s.name};
                   },
                   {"server", "Server", "rigger servers"});
}

std::string server_filter(const Snapshot &snapshot, const std::string &text) {
    for (const ServerPtr &server : snapshot.servers)
        if (server->name.find(text) != std::string::npos) return text;
    const auto server = resolve_server(snapshot, text);
    return server ? (*server)->name : text;
}

Result<DeploymentPtr> resolve_deployment(const Snapshot &snapshot, std::string_view text) {
    const auto label = [](const Deployment &d) { return Label{d.id.value, {}}; };
    constexpr Words words{"deployment", "Deployment", "rigger insts"};
    std::vector<DeploymentPtr> with_instance; // of two sources both may have one of that id
    for (const DeploymentPtr &d : snapshot.deployments)
        if (!text.empty() && d->instance.value == text) with_instance.push_back(d);
    if (with_instance.size() > 1) return ambiguous(with_instance, text, label, words);
    return with_instance.empty() ? resolve(snapshot.deployments, text, label, words) : with_instance.front();
}

Result<OfferId> resolve_banned(const Snapshot &snapshot, std::string_view text) {
    for (const auto &[id, reason] : snapshot.bans)
        if (id.value == text) return id;
    auto offer = resolve_offer(snapshot, text);
    if (offer) return (*offer)->id;
    if (offer.error().reason != "UnknownOffer") return offer.error();
    std::vector<OfferId> banned;
    for (const auto &[id, reason] : snapshot.bans)
        if (!text.empty() && id.value.starts_with(text)) banned.push_back(id);
    if (banned.size() == 1) return banned.front();
    return offer.error();
}

} // namespace rigger::views
