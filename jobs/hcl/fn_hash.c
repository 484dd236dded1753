/* Hashes, UUIDs and RSA, by OpenSSL; bcrypt by libcrypt. */
#include "agent/base/id.h"
#include "jobs/hcl/functions.h"

#include <crypt.h>
#include <openssl/decoder.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

static const char *give_hex(struct hcl_call *c, const unsigned char *data, size_t n)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%02x", data[i]);
    return give_buf(c, &b);
}

static const char *digest(struct hcl_call *c, const EVP_MD *md, const void *data, size_t len,
                          bool base64)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!EVP_Digest(data, len, out, &n, md, NULL))
        return "the hash is not available on this machine";
    if (!base64)
        return give_hex(c, out, n);
    struct buf b = BUF_INIT;
    buf_base64(&b, out, n);
    return give_buf(c, &b);
}

#define HASH(name, md, base64)                                                                     \
    static const char *fn_##name(struct hcl_call *c)                                               \
    {                                                                                              \
        return digest(c, md(), c->args[0].string, c->args[0].string_len, base64);                  \
    }
HASH(md5, EVP_md5, false)
HASH(sha1, EVP_sha1, false)
HASH(sha256, EVP_sha256, false)
HASH(sha512, EVP_sha512, false)
HASH(base64sha256, EVP_sha256, true)
HASH(base64sha512, EVP_sha512, true)

#define BCRYPT_COST_MAX 14 /* a second or so: a job file is not the place for more */
#define BCRYPT_PAY      (HCL_WORK_MAX / 4)

static const char *fn_bcrypt(struct hcl_call *c)
{
    long double cost = 10;
    char salt[CRYPT_GENSALT_OUTPUT_SIZE], random[16];
    if (c->n > 2)
        return "bcrypt() takes no more than two arguments";
    if (c->n == 2 && (!hcl_to_number(&c->args[1], &cost) || cost < 4 || cost > BCRYPT_COST_MAX))
        return wrong_arg(c, 1, "the cost must be a number from 4 to %d", BCRYPT_COST_MAX);
    if (c->args[0].string_len > 72)
        return wrong_arg(c, 0, "bcrypt takes 72 bytes at most");
    if (!hcl_pay(c->ev, BCRYPT_PAY))
        return MAX_WORK_TEXT;
    id_random_bytes(random, sizeof random);
    struct crypt_data *data = arena_alloc(c->arena, sizeof *data);
    if (!crypt_gensalt_rn("$2b$", (unsigned long)cost, random, sizeof random, salt, sizeof salt))
        return "bcrypt is not available on this machine";
    const char *hash = crypt_r(c->args[0].string, salt, data);
    if (!hash || *hash == '*')
        return "bcrypt is not available on this machine";
    struct buf b = BUF_INIT;
    buf_str_add(&b, hash);
    if (!strncmp(b.data, "$2b$", 4))
        b.data[2] = 'a'; /* the mark the peer writes; the two agree on every hash */
    return give_buf(c, &b);
}

static const char *fn_uuidv4(struct hcl_call *c)
{
    uuid_text id;
    id_new(id);
    return give_bytes(c, id, ID_LEN);
}

static bool namespace_bytes(const char *text, unsigned char out[16])
{
    static const char *const known[][2] = {{"dns", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
                                           {"url", "6ba7b811-9dad-11d1-80b4-00c04fd430c8"},
                                           {"oid", "6ba7b812-9dad-11d1-80b4-00c04fd430c8"},
                                           {"x500", "6ba7b814-9dad-11d1-80b4-00c04fd430c8"}};
    for (size_t i = 0; i < 4; i++)
        if (!strcmp(known[i][0], text))
            text = known[i][1];
    if (!id_is_uuid(text))
        return false;
    for (int i = 0; i < 16; text++) {
        unsigned byte;
        if (*text == '-')
            continue;
        char pair[3] = {text[0], text[1], '\0'};
        if (sscanf(pair, "%2x", &byte) != 1)
            return false;
        out[i++] = (unsigned char)byte;
        text++;
    }
    return true;
}

static const char *fn_uuidv5(struct hcl_call *c)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    size_t len = c->args[1].string_len;
    unsigned char *text = arena_alloc(c->arena, 16 + len);
    if (!namespace_bytes(c->args[0].string, text))
        return wrong_arg(c, 0,
                         "uuidv5() doesn't support namespace \"%.100s\"; use dns, url, oid, "
                         "x500 or a UUID",
                         c->args[0].string);
    memcpy(text + 16, c->args[1].string, len);
    if (!EVP_Digest(text, 16 + len, sum, NULL, EVP_sha1(), NULL))
        return "SHA-1 is not available on this machine";
    sum[6] = (unsigned char)((sum[6] & 0x0F) | 0x50);
    sum[8] = (unsigned char)((sum[8] & 0x3F) | 0x80);
    struct buf b = BUF_INIT;
    for (int i = 0; i < 16; i++)
        buf_printf(&b, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", sum[i]);
    return give_buf(c, &b);
}

static EVP_PKEY *read_key(const char *pem, size_t len)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return key;
}

static const char *fn_rsadecrypt(struct hcl_call *c)
{
    size_t n = 0, got = 0;
    unsigned char *sealed = hcl_base64_read(c, c->args[0].string, c->args[0].string_len, &n);
    if (!sealed)
        return wrong_arg(c, 0, "failed to decode input: it is not base64");
    EVP_PKEY *key =
        c->args[1].string_len < 65536 ? read_key(c->args[1].string, c->args[1].string_len) : NULL;
    if (!key)
        return wrong_arg(c, 1, "failed to parse: it is not a private key in PEM form");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    unsigned char *out = arena_alloc(c->arena, (size_t)EVP_PKEY_get_size(key) + 1);
    got = (size_t)EVP_PKEY_get_size(key);
    bool ok = ctx && EVP_PKEY_decrypt_init(ctx) > 0 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
              EVP_PKEY_decrypt(ctx, out, &got, sealed, n) > 0;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    if (!ok)
        return "failed to decrypt: the text was not sealed for this key";
    return hcl_give_utf8(c, (char *)out, got);
}

const struct hcl_function hcl_fn_hash[] = {
    {"md5", "s:str", fn_md5},
    {"sha1", "s:str", fn_sha1},
    {"sha256", "s:str", fn_sha256},
    {"sha512", "s:str", fn_sha512},
    {"base64sha256", "s:str", fn_base64sha256},
    {"base64sha512", "s:str", fn_base64sha512},
    {"bcrypt", "s:str n:cost...", fn_bcrypt},
    {"uuidv4", "", fn_uuidv4},
    {"uuidv5", "s:namespace s:name", fn_uuidv5},
    {"rsadecrypt", "s:ciphertext s:privatekey", fn_rsadecrypt},
    {NULL, NULL, NULL},
};
