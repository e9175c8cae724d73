#include "tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <rigger/sdk/try.hpp>

namespace kube {
namespace {

thread_local std::string t_problem;

rig::Error bad_credentials(const std::string &what) {
    ERR_clear_error();
    return {RIG_E_INVALID, "BadCredentials", what, 0};
}

template <typename T, void (*Free)(T *)> struct Freer {
    void operator()(T *p) const { Free(p); }
};
using Bio = std::unique_ptr<BIO, Freer<BIO, BIO_free_all>>;
using Cert = std::unique_ptr<X509, Freer<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;

Bio bio(const std::string &pem) { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

int on_verify(int ok, X509_STORE_CTX *store) {
    if (!ok) t_problem = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
    return ok;
}

rig::Status trust(SSL_CTX *ssl, const std::string &pem) {
    const Bio in = bio(pem);
    int found = 0;
    while (const Cert cert{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), cert.get());
        ++found;
    }
    ERR_clear_error();
    if (found == 0) return bad_credentials("certificate-authority holds no PEM certificate");
    return {};
}

int64_t wall_ns(const ASN1_TIME *at) {
    tm calendar{};
    if (ASN1_TIME_to_tm(at, &calendar) != 1) return 0;
    return static_cast<int64_t>(timegm(&calendar)) * static_cast<int64_t>(second_ns);
}

rig::Result<Validity> identify(SSL_CTX *ssl, const std::string &certificate, const std::string &key) {
    const Bio in = bio(certificate);
    const Cert own{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)};
    if (!own || SSL_CTX_use_certificate(ssl, own.get()) != 1)
        return bad_credentials("client-certificate is not a PEM certificate");
    while (X509 *chain = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr))
        SSL_CTX_add_extra_chain_cert(ssl, chain);
    ERR_clear_error();
    const Bio key_in = bio(key);
    const auto no_password = [](char *, int, int, void *) { return -1; };
    const Key pkey{PEM_read_bio_PrivateKey(key_in.get(), nullptr, no_password, nullptr)};
    if (!pkey) return bad_credentials("client-key is not a PEM private key without a password");
    if (SSL_CTX_use_PrivateKey(ssl, pkey.get()) != 1 || SSL_CTX_check_private_key(ssl) != 1)
        return bad_credentials("client-key does not belong to client-certificate");
    return Validity{wall_ns(X509_get0_notBefore(own.get())), wall_ns(X509_get0_notAfter(own.get()))};
}
} // namespace

rig::Result<std::shared_ptr<TlsContext>> make_tls(const std::string &ca, const std::string &certificate,
                                                  const std::string &key) {
    try {
        Poco::Net::Context::Params params;
        params.verificationMode =
            Poco::Net::Context::VERIFY_STRICT; // the relaxed mode does not check the name of localhost
        params.loadDefaultCAs = ca.empty();
        Poco::Net::Context::Ptr context = new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params);
        context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
        context->enableExtendedCertificateVerification(true);
        SSL_CTX *ssl = context->sslContext();
        SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, &on_verify);
        if (!ca.empty())
            if (rig::Status ok = trust(ssl, ca); !ok.ok()) return ok.error();
        std::optional<Validity> own;
        if (!certificate.empty()) { RIG_ASSIGN_OR_RETURN(own, identify(ssl, certificate, key)); }
        return std::make_shared<TlsContext>(TlsContext{context, own});
    } catch (const Poco::Exception &) { return bad_credentials("cannot set up TLS"); }
}

std::string certificate_problem() { return t_problem; }
void forget_certificate_problem() { t_problem.clear(); }

} // namespace kube
