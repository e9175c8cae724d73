#include <chutes/request.hpp>

#include "json.hpp"

#include <algorithm>
#include <cmath>

namespace chutes {
namespace {

using detail::invalid;
using detail::Json;
using detail::member;

/// Reads fields and remembers the first thing that was wrong, so that parsing reads like a list of fields.
class Reader {
public:
    std::string text(const Json &object, const char *name, const std::string &path, bool required) {
        const Json &value = member(object, name);
        if (value.is_string()) {
            if (required && value.get_ref<const std::string &>().empty()) fail(path + "." + name, "is empty");
            return value.get<std::string>();
        }
        if (!value.is_null()) fail(path + "." + name, "must be a string");
        else if (required) fail(path + "." + name, "is missing");
        return {};
    }
    double number(const Json &object, const char *name, const std::string &path, double fallback, double lowest,
                  double highest) {
        const Json &value = member(object, name);
        if (value.is_null()) return fallback;
        const double n = value.is_number() ? value.get<double>() : NAN;
        if (n >= lowest && n <= highest) return n;
        fail(path + "." + name, "must be a number from " + std::to_string(std::lround(lowest)) + " to " +
                                    std::to_string(std::lround(highest)));
        return fallback;
    }
    int integer(const Json &object, const char *name, const std::string &path, int fallback, int lowest, int highest) {
        return static_cast<int>(number(object, name, path, fallback, lowest, highest));
    }
    bool flag(const Json &object, const char *name, const std::string &path) {
        const Json &value = member(object, name);
        if (value.is_boolean()) return value.get<bool>();
        if (!value.is_null()) fail(path + "." + name, "must be true or false");
        return false;
    }
    void fail(const std::string &path, const std::string &what) {
        if (!error_) error_ = invalid(path, what);
    }
    const std::optional<rig::Error> &error() const { return error_; }

private:
    std::optional<rig::Error> error_;
};

/// workload.jobs[].ports[] {proto, port}: tcp and http are TCP, everything else UDP; unique by protocol and number.
std::vector<Port> job_ports(Reader &reader, const Json &jobs) {
    std::vector<Port> ports;
    if (!jobs.is_array()) return ports;
    for (const Json &job : jobs) {
        const Json &list = member(job, "ports");
        if (!list.is_array()) continue;
        for (const Json &entry : list) {
            Port port;
            port.number = reader.integer(entry, "port", "offer.workload.jobs.ports", 0, 1, 65535);
            const std::string protocol = reader.text(entry, "proto", "offer.workload.jobs.ports", false);
            port.protocol =
                protocol == "tcp" || protocol == "http" || protocol == "TCP" || protocol.empty() ? "TCP" : "UDP";
            if (port.number != 0 && std::find(ports.begin(), ports.end(), port) == ports.end())
                ports.push_back(std::move(port));
        }
    }
    return ports;
}

Chute read_chute(Reader &reader, const Json &offer) {
    Chute chute;
    chute.id = reader.text(offer, "id", "offer", true);
    chute.version = reader.text(offer, "version", "offer", true);
    chute.image = reader.text(offer, "image", "offer", true);
    chute.runtime = reader.text(offer, "chutesVersion", "offer", false);
    if (chute.runtime.empty()) chute.runtime = chute.version;
    const Json &needs = member(offer, "requirements");
    chute.gpu_count = reader.integer(needs, "gpuCount", "offer.requirements", 1, 0, 64);
    chute.gpu_milli = reader.integer(needs, "gpuMilli", "offer.requirements", 1000, 1, 1000);
    chute.disk_gb = reader.number(needs, "diskGb", "offer.requirements", 10, 0, 1e6);
    chute.tee = reader.flag(needs, "tee", "offer.requirements");
    const Json &workload = member(offer, "workload");
    chute.code = reader.text(workload, "code", "offer.workload", false);
    chute.filename = reader.text(workload, "filename", "offer.workload", false);
    chute.ref_str = reader.text(workload, "refStr", "offer.workload", true);
    chute.job_ports = job_ports(reader, member(workload, "jobs"));
    return chute;
}

Server read_server(Reader &reader, const Json &document) {
    Server server;
    server.id = reader.text(document, "id", "server", false);
    server.name = reader.text(document, "name", "server", true);
    server.ip_address = reader.text(document, "ipAddress", "server", false);
    server.validator = reader.text(document, "validator", "server", false);
    server.cpu_per_gpu = reader.integer(document, "cpuPerGpu", "server", 1, 1, 1024);
    server.memory_per_gpu_gb = reader.integer(document, "memoryPerGpu", "server", 1, 1, 65536);
    server.vm_version = reader.text(document, "vmVersion", "server", false);
    const Json &seed = member(document, "seed");
    if (seed.is_number_integer()) server.seed = seed.get<std::int64_t>();
    else if (!seed.is_null()) reader.fail("server.seed", "must be an integer");
    return server;
}

} // namespace

std::vector<Port> Request::ports() const {
    std::vector<Port> all{{primary_port, "TCP"}, {logging_port, "TCP"}};
    if (chute.tee && chute.runtime_version() >= since::attestation) all.push_back({attestation_port, "TCP"});
    if (job_id.empty()) return all;
    for (const Port &extra : chute.job_ports)
        if (std::find(all.begin(), all.end(), extra) == all.end()) all.push_back(extra);
    return all;
}

rig::Result<Request> parse_request(std::string_view text) {
    const Json document = Json::parse(text, nullptr, false);
    if (!document.is_object()) return invalid("the request", "is not a JSON object");
    Reader reader;
    Request request;
    const Json &deployment = member(document, "deployment");
    request.deployment_id = reader.text(deployment, "id", "deployment", true);
    request.job_id = reader.text(deployment, "jobId", "deployment", false);
    request.namespace_name = reader.text(document, "namespace", "request", false);
    if (request.namespace_name.empty()) request.namespace_name = "chutes";
    request.chute = read_chute(reader, member(document, "offer"));
    request.server = read_server(reader, member(document, "server"));
    const Json &gpus = member(document, "gpus");
    if (gpus.is_array())
        for (const Json &gpu : gpus) request.gpu_ids.push_back(reader.text(gpu, "id", "gpus", true));
    const Json &grant = member(document, "grant");
    request.grant.token = reader.text(grant, "token", "grant", false);
    request.grant.config_id = reader.text(grant, "configId", "grant", false);
    const Json &applied = member(document, "applied");
    if (applied.is_array()) request.applied = applied.dump();
    else if (!applied.is_null()) reader.fail("applied", "must be a list of objects");
    if (reader.error()) return *reader.error();
    return request;
}

} // namespace chutes
