// kube/credentials.hpp -- the secrets of one cluster, as they are now: files are looked at again every 10 s, tokens of
// exec plugins until they expire. Thread-safe. Nothing of them ever enters an error's text.
#pragma once
#include "kube/access.hpp"
#include "kube/effort.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace kube {

struct TlsContext; ///< Poco's, hidden

/// When a client certificate may be used, by the wall clock.
struct Validity {
    int64_t from_ns = 0, until_ns = 0;
};

struct Identity {
    std::string token; ///< "": none
    std::optional<Validity> certificate;
    std::shared_ptr<TlsContext> tls; ///< another one after a rotation: connections of the old one are not reused
};

class Credentials {
public:
    Credentials(Access access, const Clock &clock);
    ~Credentials();
    /// Errors: INVALID (UnreadableFile, BadCredentials), UNAVAILABLE (ExecFailed), and what the effort says.
    rig::Result<Identity> current(const Effort &effort);
    /// The API server refused the token: it is read anew at the next call. False: nothing could be different then.
    bool reject();

private:
    struct Pems;
    rig::Status refresh_files();
    rig::Status refresh_exec(const Effort &effort);

    const Access access_;
    const Clock &clock_;
    std::mutex lock_;
    uint64_t read_at_ = 0;
    bool read_ = false;
    std::unique_ptr<Pems> pems_;
    Identity identity_;
    std::string exec_token_;
    bool exec_valid_ = false;
    int64_t exec_expires_wall_ns_ = 0; ///< 0: does not say
};

/// Runs the command and answers what it wrote to its standard output; its standard error is dropped. Killed when the
/// effort ends.
rig::Result<std::string> run_exec(const ExecPlugin &, const Effort &);

} // namespace kube
