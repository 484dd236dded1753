/* Hashes compared with RFC 1321's and FIPS 180-4's, UUIDs with RFC 4122's. */
#include "test/unit/support/hcl_cases.h"
#include "agent/base/buf.h"
#include "agent/base/id.h"
#include "jobs/hcl/hcl.h"

#include <crypt.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

static void digests_(void **state)
{
    static const struct hcl_case cases[] = {
        {"md5(\"hello\")", "\"5d41402abc4b2a76b9719d911017c592\""},
        {"md5(\"\")", "\"d41d8cd98f00b204e9800998ecf8427e\""},
        {"sha1(\"hello\")", "\"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d\""},
        {"sha256(\"hello\")",
         "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\""},
        {"sha512(\"hello\")", "\"9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca723"
                              "23c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043\""},
        {"base64sha256(\"hello\")", "\"LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\""},
        {"base64sha512(\"hello\")", "\"m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/"
                                    "3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==\""},
        {"sha256(\"\303\251\")",
         "\"4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c\""},
        {"md5(null)", "! 1,9-13: Invalid function argument; Invalid value for \"str\" parameter: "
                      "argument must not be null."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void identifiers_(void **state)
{
    static const struct hcl_case cases[] = {
        {"uuidv5(\"dns\", \"www.terraform.io\")", "\"a5008fae-b28c-5ba5-96cd-82b4c53552d6\""},
        {"uuidv5(\"url\", \"https://www.terraform.io/\")",
         "\"9db6f67c-dd95-5ea0-aa5b-e70e5c5f7cf5\""},
        {"uuidv5(\"oid\", \"1.3.6.1.4\")", "\"af9d40a5-7a36-5c07-b23a-851cd99fbfa5\""},
        {"uuidv5(\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\", \"www.terraform.io\")",
         "\"a5008fae-b28c-5ba5-96cd-82b4c53552d6\""},
        {"uuidv5(\"nope\", \"x\")",
         "! 1,12-18: Invalid function argument; Invalid value for \"namespace\" parameter: "
         "uuidv5() doesn't support namespace \"nope\"; use dns, url, oid, x500 or a UUID."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void wrong_inputs_(void **state)
{
    static const struct hcl_case cases[] = {
        {"bcrypt(\"x\", 3)", "! 1,17-18: Invalid function argument; Invalid value for \"cost\" "
                             "parameter: the cost must be a number from 4 to 14."},
        {"bcrypt(\"x\", 31)", "! 1,17-19: Invalid function argument; Invalid value for \"cost\" "
                              "parameter: the cost must be a number from 4 to 14."},
        {"bcrypt(\"x\", 4, 4)", "! 1,5-22: Error in function call; Call to function \"bcrypt\" "
                                "failed: bcrypt() takes no more than two arguments."},
        {"rsadecrypt(\"*\", \"x\")",
         "! 1,16-19: Invalid function argument; Invalid value for \"ciphertext\" parameter: failed "
         "to decode input: it is not base64."},
        {"rsadecrypt(\"aGVsbG8=\", \"x\")",
         "! 1,28-31: Invalid function argument; Invalid value for \"privatekey\" parameter: failed "
         "to parse: it is not a private key in PEM form."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

/* Calls the function with strings; its answer in the arena. */
static const char *call(struct arena *a, const char *name, const char *x, const char *y)
{
    struct hcl_value args[2] = {{.kind = HCL_STRING, .string = x, .string_len = strlen(x)},
                                {.kind = HCL_STRING, .string = y, .string_len = strlen(y)}};
    struct hcl_value out;
    struct hcl_eval ev = {.arena = a};
    struct hcl_call c = {.ev = &ev, .arena = a, .args = args, .out = &out, .bad_arg = -1};
    c.n = *y ? 2 : *x ? 1 : 0;
    assert_null(hcl_function_find(name)->call(&c));
    return out.string;
}

static void bcrypt_is_what_crypt_accepts_(void **state)
{
    struct arena a = ARENA_INIT;
    const char *hash = call(&a, "bcrypt", "secret", ""), *again = call(&a, "bcrypt", "secret", "");
    assert_memory_equal("$2a$10$", hash, 7);
    assert_string_not_equal(hash, again); /* another salt */
    struct crypt_data data = {0};
    assert_string_equal(hash, crypt_r("secret", hash, &data));
    assert_string_not_equal(hash, crypt_r("Secret", hash, &data));
    arena_fini(&a);
}

static void uuids_are_random_(void **state)
{
    struct arena a = ARENA_INIT;
    const char *one = call(&a, "uuidv4", "", ""), *two = call(&a, "uuidv4", "", "");
    assert_true(id_is_uuid(one) && id_is_uuid(two));
    assert_string_not_equal(one, two);
    arena_fini(&a);
}

static void what_was_sealed_is_opened_(void **state)
{
    unsigned char sealed[256];
    size_t n = sizeof sealed;
    char *pem;
    struct buf text = BUF_INIT;
    struct arena a = ARENA_INIT;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    assert_true(EVP_PKEY_encrypt_init(ctx) > 0 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
                EVP_PKEY_encrypt(ctx, sealed, &n, (const unsigned char *)"message", 7) > 0);
    buf_base64(&text, sealed, n);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_true(PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL));
    long len = BIO_get_mem_data(bio, &pem);
    const char *opened =
        call(&a, "rsadecrypt", buf_str(&text), arena_strndup(&a, pem, (size_t)len));
    assert_string_equal("message", opened);
    BIO_free(bio);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    buf_fini(&text);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_),          cmocka_unit_test(identifiers_),
        cmocka_unit_test(wrong_inputs_),     cmocka_unit_test(bcrypt_is_what_crypt_accepts_),
        cmocka_unit_test(uuids_are_random_), cmocka_unit_test(what_was_sealed_is_opened_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
