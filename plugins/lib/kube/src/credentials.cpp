#include "kube/credentials.hpp"

#include "tls.hpp"

#include <rigger/sdk/json.hpp>
#include <rigger/sdk/try.hpp>
#include <times/rfc3339.hpp>

namespace kube {
namespace {
constexpr uint64_t look_again_ns = 10 * second_ns;
constexpr int64_t expiry_margin_ns = 30 * static_cast<int64_t>(second_ns);

rig::Result<std::string> content(const Material &m) {
    if (m.file.empty()) return m.text;
    return read_file(m.file);
}
std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
    return text;
}
} // namespace

struct Credentials::Pems {
    std::string ca, certificate, key;
    bool operator==(const Pems &) const = default;
};

Credentials::Credentials(Access access, const Clock &clock) : access_(std::move(access)), clock_(clock) {}
Credentials::~Credentials() = default;

rig::Status Credentials::refresh_files() {
    auto now = std::make_unique<Pems>();
    RIG_ASSIGN_OR_RETURN(now->ca, content(access_.ca));
    RIG_ASSIGN_OR_RETURN(const std::string token, content(access_.token));
    if (!access_.exec || !access_.certificate.empty()) {
        RIG_ASSIGN_OR_RETURN(now->certificate, content(access_.certificate));
        RIG_ASSIGN_OR_RETURN(now->key, content(access_.key));
    } else if (pems_) {
        now->certificate = pems_->certificate;
        now->key = pems_->key;
    }
    identity_.token = trimmed(token);
    if (pems_ && *pems_ == *now) return {};
    RIG_ASSIGN_OR_RETURN(identity_.tls, make_tls(now->ca, now->certificate, now->key));
    pems_ = std::move(now);
    return {};
}

rig::Status Credentials::refresh_exec(const Effort &effort) {
    const rig::Error failed{RIG_E_UNAVAILABLE, "ExecFailed",
                            "the exec credential plugin " + access_.exec->command +
                                " did not answer an ExecCredential with a token or a certificate",
                            5000};
    RIG_ASSIGN_OR_RETURN(const std::string text, run_exec(*access_.exec, effort));
    const nlohmann::json answer = nlohmann::json::parse(text, nullptr, false);
    if (!answer.is_object() || !answer.contains("status") || !answer["status"].is_object()) return failed;
    const nlohmann::json &status = answer["status"];
    const auto field = [&](const char *name) { return rig::json::get(status, name, ""); };
    exec_token_ = field("token");
    if (const std::string certificate = field("clientCertificateData"), key = field("clientKeyData");
        !certificate.empty() && !key.empty()) {
        Pems now{pems_->ca, certificate, key};
        if (!(*pems_ == now)) {
            RIG_ASSIGN_OR_RETURN(identity_.tls, make_tls(now.ca, now.certificate, now.key));
            *pems_ = std::move(now);
        }
    } else if (exec_token_.empty()) {
        return failed;
    }
    exec_expires_wall_ns_ = times::parse_rfc3339(field("expirationTimestamp")).value_or(0);
    exec_valid_ = true;
    return {};
}

rig::Result<Identity> Credentials::current(const Effort &effort) {
    const std::lock_guard held(lock_);
    const uint64_t now = clock_.mono_ns();
    if (!read_ || now - read_at_ >= look_again_ns) {
        if (rig::Status ok = refresh_files(); !ok.ok() && !(read_ && identity_.tls))
            return ok.error(); // half-way through a rotation the old ones stay
        read_ = true;
        read_at_ = now;
    }
    if (access_.exec &&
        (!exec_valid_ || (exec_expires_wall_ns_ != 0 && clock_.wall_ns() + expiry_margin_ns >= exec_expires_wall_ns_)))
        RIG_RETURN_IF_ERROR(refresh_exec(effort));
    Identity out = identity_;
    if (out.tls) out.certificate = out.tls->own;
    if (access_.exec && !exec_token_.empty()) out.token = exec_token_;
    return out;
}

bool Credentials::reject() {
    const std::lock_guard held(lock_);
    read_ = exec_valid_ = false;
    return access_.exec || !access_.token.file.empty() || !access_.certificate.file.empty();
}

} // namespace kube
