#include "json_market.hpp"

#include "fields.hpp"
#include "json_text.hpp"

#include <chutes/names.hpp>

#include <algorithm>
#include <functional>
#include <set>

namespace catalog {
namespace {

using Json = nlohmann::json;

rig::Error wrong(const std::string &what) { return {RIG_E_INVALID, "MarketFile", what, 0}; }

std::vector<std::string> gpu_refs(Fields &fields, const Json &list) {
    std::set<std::string> unique;
    if (list.is_null()) return {};
    if (!list.is_array()) {
        fields.fail("supported_gpus", "must be a list of GPU short refs");
        return {};
    }
    for (const Json &ref : list) {
        if (ref.is_string() && !ref.get_ref<const std::string &>().empty()) unique.insert(ref.get<std::string>());
        else fields.fail("supported_gpus", "must be a list of GPU short refs");
    }
    return {unique.begin(), unique.end()};
}

/// A name that an image reference may hold.
std::string image_name(const std::string &name) {
    std::string out;
    for (const char c : name)
        out.push_back((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c
                      : c >= 'A' && c <= 'Z'                           ? static_cast<char>(c - 'A' + 'a')
                                                                       : '-');
    return out.substr(0, 100);
}

rig::Result<Image> image_from_json(const Json &item, const std::string &where) {
    Fields f(item, where);
    Image image;
    const std::string user = f.text("username"), name = f.text("name"), tag = f.text("tag"),
                      patch = f.text("patch_version", "initial");
    image.chutes_version = f.text("chutes_version");
    if (f.error()) return wrong(*f.error());
    if (!user.empty() && !name.empty() && !tag.empty()) {
        image.reference = user + "/" + name + ":" + tag;
        if (!patch.empty() && patch != "initial") image.reference += "-" + patch;
    }
    return image;
}

/// Calls `add` with every item of an array, or of an object by id, and its id; ids are unique. `keys`: the object's, in
/// the order of the file.
rig::Status each_item(const Json &list, const std::vector<std::string> &keys, const char *name, const char *id_field,
                      const std::function<rig::Status(std::string, const Json &, const std::string &)> &add) {
    std::set<std::string> seen;
    const auto take = [&](const std::string &where, const std::string *key, const Json &item) -> rig::Status {
        if (item.is_null() && key) return {}; // "by id: nothing known"
        Fields f(item, where);
        std::string id = f.text(id_field, key ? *key : "");
        if (f.error()) return wrong(*f.error());
        if (id.empty()) return wrong(where + "." + id_field + " is missing");
        if (key && id != *key)
            return wrong(where + "." + id_field + " is '" + shown(id) + "', but the item stands under another id");
        if (!seen.insert(id).second)
            return wrong(where + "." + id_field + ": '" + shown(id) + "' stands twice in the list");
        if (seen.size() > most_items) return wrong(where + ": more than a million items");
        return add(std::move(id), item, where);
    };
    if (list.is_array()) {
        for (size_t i = 0; i < list.size(); ++i)
            if (auto s = take(std::string(name) + "[" + std::to_string(i) + "]", nullptr, list[i]); !s.ok()) return s;
        return {};
    }
    if (list.is_object()) {
        for (const std::string &key : keys)
            if (auto s = take(std::string(name) + "[" + shown(key) + "]", &key, list[key]); !s.ok()) return s;
        return {};
    }
    return wrong(std::string(name) + " must be a list of items, or an object of items by id");
}

rig::Status add(Items &into, List kind, const Json &list, const std::vector<std::string> &keys) {
    switch (kind) {
    case List::chutes:
        return each_item(list, keys, "chutes", "chute_id",
                         [&](std::string id, const Json &item, const std::string &where) -> rig::Status {
                             auto chute = chute_from_json(item, where);
                             if (!chute.ok()) return chute.error();
                             chute->id = std::move(id);
                             if (chute->name.empty()) chute->name = chute->id;
                             if (chute->version.empty()) chute->version = chutes::uuid5_oid(chute->id + ":unversioned");
                             if (chute->image.empty())
                                 chute->image = "catalogue/" + image_name(chute->name) + ":latest";
                             into.chutes.push_back(std::move(*chute));
                             return {};
                         });
    case List::metrics:
        return each_item(list, keys, "metrics", "chute_id",
                         [&](std::string id, const Json &item, const std::string &where) -> rig::Status {
                             auto metrics = metrics_from_json(item, where);
                             if (!metrics.ok()) return metrics.error();
                             into.metrics.insert_or_assign(std::move(id), *metrics);
                             return {};
                         });
    case List::utilization:
        return each_item(list, keys, "utilization", "chute_id",
                         [&](std::string id, const Json &item, const std::string &where) -> rig::Status {
                             auto utilization = utilization_from_json(item, where);
                             if (!utilization.ok()) return utilization.error();
                             into.utilization.insert_or_assign(std::move(id), *utilization);
                             return {};
                         });
    case List::images:
        return each_item(list, keys, "images", "image_id",
                         [&](std::string id, const Json &item, const std::string &where) -> rig::Status {
                             auto image = image_from_json(item, where);
                             if (!image.ok()) return image.error();
                             into.images.insert_or_assign(std::move(id), std::move(*image));
                             return {};
                         });
    }
    return {};
}

/// The message names the item ("chutes[12].name ..."); the file goes in front of it.
rig::Status located(const rig::Status &status, std::string_view file) {
    if (status.ok()) return {};
    return refused(file, 0, status.error().message);
}

} // namespace

rig::Result<Chute> chute_from_json(const Json &item, const std::string &where) {
    Fields f(item, where);
    Chute c;
    c.id = f.text("chute_id");
    c.name = f.text("name");
    c.version = f.text("version");
    c.image = f.text("image");
    c.image_id = f.text("image_id");
    c.chutes_version = f.text("chutes_version");
    c.code = f.text("code");
    c.filename = f.text("filename", c.filename);
    c.ref_str = f.text("ref_str", c.ref_str);
    c.preemptible = f.flag("preemptible").value_or(true);
    c.tee = f.flag("tee").value_or(false);
    c.effective_multiplier = f.number("effective_compute_multiplier");
    c.max_instances = f.count("max_instances", 1'000'000);
    const Json &cords = f.raw("cords"), &jobs = f.raw("jobs"), &selector = f.raw("node_selector");
    c.has_cords = (cords.is_array() || cords.is_object()) && !cords.empty();
    if (!cords.is_null() && !cords.is_array() && !cords.is_object()) f.fail("cords", "must be a list");
    if (jobs.is_array()) c.jobs = jobs.dump();
    else if (!jobs.is_null()) f.fail("jobs", "must be a list");

    const Json none = Json::object();
    Fields s(selector.is_null() ? none : selector, where + ".node_selector");
    c.gpu_count = s.count("gpu_count", 64).value_or(1);
    if (c.gpu_count < 1) s.fail("gpu_count", "is 0, and a chute takes at least one GPU");
    c.gpu_milli = s.count("gpu_milli", 1000).value_or(1000);
    if (c.gpu_milli < 1 || (c.gpu_milli < 1000 && c.gpu_count != 1))
        s.fail("gpu_milli", "must be 1 to 1000, and below 1000 only with one GPU");
    c.gpus = gpu_refs(f, f.raw("supported_gpus").is_null() ? s.raw("supported_gpus") : f.raw("supported_gpus"));
    if (s.error()) return wrong(*s.error());
    if (f.error()) return wrong(*f.error());
    return c;
}

rig::Result<Metrics> metrics_from_json(const Json &item, const std::string &where) {
    Fields f(item, where);
    Metrics m;
    m.multiplier = f.number("compute_multiplier").value_or(m.multiplier);
    m.compute_time = f.number("total_compute_time").value_or(m.compute_time);
    m.invocations = f.number("total_invocations").value_or(m.invocations);
    m.rate_limits = f.number("rate_limit_count").value_or(m.rate_limits);
    m.instances = f.number("instance_count").value_or(m.instances);
    if (f.error()) return wrong(*f.error());
    return m;
}

rig::Result<Utilization> utilization_from_json(const Json &item, const std::string &where) {
    Fields f(item, where);
    Utilization u;
    u.scalable = f.flag("scalable").value_or(false);
    u.update_in_progress = f.flag("update_in_progress").value_or(false);
    u.target = f.number("target_count");
    u.instances = f.number("total_instance_count");
    if (!u.instances) u.instances = f.number("instance_count");
    u.active_instances = f.number("active_instance_count");
    if (f.error()) return wrong(*f.error());
    return u;
}

rig::Status add_list(Items &into, List list, std::string_view text, std::string_view file) {
    KeyOrder order;
    auto document = parse_json(text, file, &order);
    if (!document.ok()) return document.error();
    return located(add(into, list, *document, order[""]), file);
}

rig::Result<Items> market_from_json(std::string_view text, std::string_view file) {
    KeyOrder order;
    auto document = parse_json(text, file, &order);
    if (!document.ok()) return document.error();
    if (!document->is_object() || !document->contains("chutes"))
        return refused(file, 1,
                       "must be an object with the lists chutes, metrics, utilization and, optionally, images");
    Items items;
    const std::pair<const char *, List> lists[] = {{"chutes", List::chutes},
                                                   {"metrics", List::metrics},
                                                   {"utilization", List::utilization},
                                                   {"images", List::images}};
    for (const auto &[name, list] : lists) {
        const auto at = document->find(name);
        if (at == document->end() || at->is_null()) continue;
        if (auto s = located(add(items, list, *at, order[name]), file); !s.ok()) return s.error();
    }
    return items;
}

} // namespace catalog
