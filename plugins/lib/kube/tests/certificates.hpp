// Certificates for peers of a test, made in memory.
#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace kube::testing {

struct Pair {
    std::shared_ptr<X509> certificate;
    std::shared_ptr<EVP_PKEY> key;
    std::string pem() const {
        const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
        PEM_write_bio_X509(out.get(), certificate.get());
        char *text = nullptr;
        const long size = BIO_get_mem_data(out.get(), &text);
        return {text, static_cast<size_t>(size)};
    }
    std::string key_pem() const {
        const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
        PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        char *text = nullptr;
        const long size = BIO_get_mem_data(out.get(), &text);
        return {text, static_cast<size_t>(size)};
    }
};

/// `names`: as in "IP:127.0.0.1,DNS:localhost"; "": an authority. Signed by `issuer`, or by itself. Valid from an hour
/// before now + `ends_in` for an hour, or a day.
inline Pair make_certificate(const std::string &common_name, const std::string &names, const Pair *issuer,
                             long ends_in_seconds = 86'400) {
    Pair made{{X509_new(), &X509_free}, {EVP_EC_gen("P-256"), &EVP_PKEY_free}};
    X509 *c = made.certificate.get();
    static long serial = 0;
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c), ends_in_seconds < 0 ? ends_in_seconds - 3600 : -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), ends_in_seconds);
    X509_set_pubkey(c, made.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char *>(common_name.c_str()), -1, -1, 0);
    X509 *const by = issuer ? issuer->certificate.get() : c;
    X509_set_issuer_name(c, X509_get_subject_name(by));
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, by, c, nullptr, nullptr, 0);
    const auto extend = [&](int nid, const std::string &value) {
        const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> e(
            X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), &X509_EXTENSION_free);
        if (!e || X509_add_ext(c, e.get(), -1) != 1) throw std::runtime_error("certificate extension " + value);
    };
    extend(NID_basic_constraints, names.empty() ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!names.empty()) extend(NID_subject_alt_name, names);
    X509_sign(c, (issuer ? *issuer : made).key.get(), EVP_sha256());
    return made;
}

} // namespace kube::testing
