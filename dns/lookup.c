/* Names to records, as Consul gives them (inventory consul-dns 3 to 7). */
#include "dns/lookup.h"
#include "agent/base/id.h"
#include "agent/base/str.h"
#include "discovery/catalog.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <string.h>
#include <time.h>

#define UDP_PLAIN_LIMIT 3 /* answers without EDNS, as the peer's udp_answer_limit */
#define MAX_FOLLOW      3 /* names that stand for names */
#define MAX_SERVERS     3 /* NS records */

typedef const struct catalog_instance *instance_ptr;

/* --- negative answers ------------------------------------------------------------------------ */

static void add_soa(struct query *q)
{
    if (!q->depth)
        reply_soa(&q->r, REPLY_AUTHORITY, (uint32_t)time(NULL));
}

static void not_found(struct query *q)
{
    if (!q->depth)
        q->rcode = LDNS_RCODE_NXDOMAIN;
    add_soa(q);
}

/* --- addresses ------------------------------------------------------------------------------- */

static size_t read_ip(const char *text, uint8_t out[16])
{
    return str_is_empty(text)                    ? 0
           : inet_pton(AF_INET, text, out) == 1  ? 4
           : inet_pton(AF_INET6, text, out) == 1 ? 16
                                                 : 0;
}

static bool wants_addresses(const struct query *q)
{
    return q->type == LDNS_RR_TYPE_A || q->type == LDNS_RR_TYPE_AAAA || q->type == LDNS_RR_TYPE_ANY;
}

static bool wants_ip(const struct query *q, size_t ip_len)
{
    return q->type == LDNS_RR_TYPE_ANY || q->type == LDNS_RR_TYPE_SRV ||
           (q->type == LDNS_RR_TYPE_A && ip_len == 4) ||
           (q->type == LDNS_RR_TYPE_AAAA && ip_len == 16);
}

static const char *node_tagged(const struct catalog_node *n, const char *tag)
{
    return rec_str_map_get(&n->tagged_addresses, tag);
}

static const char *service_tagged(const struct catalog_service *s, const char *tag)
{
    const struct catalog_address *x = rec_map_find(&s->tagged_addresses, sizeof(*x), tag);
    return x ? x->address : NULL;
}

/* The family that was asked for: the address itself, else what is tagged for that family. Its
 * length, 0 without one. */
static size_t node_ip(const struct query *q, const struct catalog_node *n, uint8_t ip[16])
{
    size_t len = read_ip(n->address, ip);
    if (len && !wants_ip(q, len)) {
        len = read_ip(node_tagged(n, len == 4 ? "lan_ipv6" : "lan_ipv4"), ip);
        return wants_ip(q, len) ? len : 0;
    }
    return len;
}

static size_t instance_ip(const struct query *q, const struct catalog_instance *i, uint8_t ip[16])
{
    if (str_is_empty(i->service.address))
        return node_ip(q, &i->node, ip);
    size_t len = read_ip(i->service.address, ip);
    if (len && !wants_ip(q, len)) {
        len = read_ip(service_tagged(&i->service, len == 4 ? "lan_ipv6" : "lan_ipv4"), ip);
        return wants_ip(q, len) ? len : 0;
    }
    return len;
}

/* --- names that stand for names -------------------------------------------------------------- */

/* Puts the records of a name of ours under that name, into the section; nothing when it is not
 * ours or there is none. */
static void follow(struct query *q, const char *target, enum reply_section section)
{
    struct query saved = *q;
    struct name n;
    if (q->depth >= MAX_FOLLOW)
        return;
    name_parse(target, q->c->domain, q->c->datacenter, false, q->a, &n);
    if (n.kind == NAME_FOREIGN || n.kind == NAME_REVERSE)
        return;
    q->owner = target;
    q->section = section;
    q->depth++;
    if (q->type == LDNS_RR_TYPE_SRV)
        q->type = LDNS_RR_TYPE_ANY;
    lookup_name(q, &n);
    q->owner = saved.owner;
    q->section = saved.section;
    q->depth = saved.depth;
    q->type = saved.type;
}

static char *without_dot(struct query *q, const char *name)
{
    size_t n = strlen(name);
    return arena_strndup(q->a, name, n && name[n - 1] == '.' ? n - 1 : n);
}

static void add_cname(struct query *q, const char *address, uint32_t ttl)
{
    const char *target = without_dot(q, address);
    if (reply_name(&q->r, q->section, q->owner, LDNS_RR_TYPE_CNAME, ttl, target) == REPLY_OK &&
        q->type != LDNS_RR_TYPE_CNAME)
        follow(q, target, q->section);
}

/* --- nodes ----------------------------------------------------------------------------------- */

static char *node_name(struct query *q, const char *node)
{
    return arena_printf(q->a, "%s.node.%s.%s", node, q->c->datacenter, q->c->domain);
}

static void add_meta(struct query *q, const char *owner, const struct catalog_node *n,
                     enum reply_section section, uint32_t ttl)
{
    for (size_t i = 0; i < n->meta.n; i++)
        if (reply_txt(&q->r, section, owner, ttl, n->meta.items[i].key,
                      n->meta.items[i].value ? n->meta.items[i].value : "") == REPLY_FULL)
            break;
}

static void answer_node(struct query *q, const char *node)
{
    struct catalog_node n;
    uint8_t ip[16];
    if (catalog_node_find_nocase(q->t, node, q->a, &n)) {
        not_found(q);
        return;
    }
    bool named = !read_ip(n.address, ip) && !str_is_empty(n.address);
    size_t len = node_ip(q, &n, ip);
    if (named && (wants_addresses(q) || q->type == LDNS_RR_TYPE_CNAME))
        add_cname(q, n.address, q->c->node_ttl_s);
    else if (len && wants_addresses(q))
        reply_address(&q->r, q->section, q->owner, q->c->node_ttl_s, ip, len);
    if (q->depth)
        return;
    if (q->type == LDNS_RR_TYPE_TXT || q->type == LDNS_RR_TYPE_ANY)
        add_meta(q, q->owner, &n, REPLY_ANSWER, q->c->node_ttl_s);
    else if (wants_addresses(q))
        add_meta(q, q->owner, &n, REPLY_ADDITIONAL, q->c->node_ttl_s);
}

static void answer_addr(struct query *q, const struct name *n)
{
    if (n->ip_len)
        reply_address(&q->r,
                      wants_ip(q, n->ip_len) && wants_addresses(q) ? q->section : REPLY_ADDITIONAL,
                      q->owner, q->c->node_ttl_s, n->ip, n->ip_len);
}

/* --- services -------------------------------------------------------------------------------- */

/* "7f000001.addr.dc1.consul", or the node's name when the service has no address of its own. */
static char *target_name(struct query *q, const struct catalog_instance *i)
{
    uint8_t raw[16];
    char hex[33];
    const char *ip = i->service.address;
    if (str_is_empty(ip)) {
        bool named = !read_ip(i->node.address, raw) && !str_is_empty(i->node.address);
        return named ? without_dot(q, i->node.address) : node_name(q, i->node.node);
    }
    size_t n = read_ip(ip, raw);
    if (!n)
        return without_dot(q, ip);
    for (size_t k = 0; k < n; k++) {
        hex[2 * k] = "0123456789abcdef"[raw[k] >> 4];
        hex[2 * k + 1] = "0123456789abcdef"[raw[k] & 15];
    }
    hex[2 * n] = '\0';
    return arena_printf(q->a, "%s.addr.%s.%s", hex, q->c->datacenter, q->c->domain);
}

static bool has_tag(const struct catalog_instance *i, const char *tag)
{
    if (!tag)
        return true;
    for (size_t k = 0; k < i->service.tags.n; k++)
        if (str_eq_nocase(i->service.tags.items[k], tag))
            return true;
    return false;
}

/* The instances that may be used, shuffled. */
static size_t choose(struct query *q, const struct catalog_instances *all, const char *tag,
                     instance_ptr *out)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct catalog_instance *x = &all->items[i];
        if (x->health == CATALOG_CRITICAL || (q->c->only_passing && x->health != CATALOG_PASSING) ||
            !has_tag(x, tag))
            continue;
        out[n++] = x;
    }
    for (size_t i = n; i > 1; i--) {
        size_t k = id_random_below((uint32_t)i);
        instance_ptr x = out[i - 1];
        out[i - 1] = out[k];
        out[k] = x;
    }
    return n;
}

static enum reply_result add_srv(struct query *q, const struct catalog_instance *i,
                                 const char *target)
{
    int64_t weight =
        i->health == CATALOG_WARNING ? i->service.weights.warning : i->service.weights.passing;
    return reply_srv(&q->r, q->owner, q->c->service_ttl_s, (unsigned)weight,
                     (unsigned)i->service.port, target);
}

/* What a resolver would ask next: the target's address, and what its node says of itself. */
static void add_target(struct query *q, const struct catalog_instance *i, const char *target)
{
    uint8_t ip[16];
    size_t len = read_ip(catalog_instance_address(i), ip);
    if (len)
        reply_address(&q->r, REPLY_ADDITIONAL, target, q->c->service_ttl_s, ip, len);
    else
        follow(q, target, REPLY_ADDITIONAL);
}

static void answer_srv(struct query *q, instance_ptr *list, size_t n)
{
    size_t max = q->small ? UDP_PLAIN_LIMIT : n, done = 0;
    const char **targets = ARENA_ARRAY(q->a, const char *, n);
    for (size_t i = 0; i < n; i++) {
        bool same = false;
        targets[done] = target_name(q, list[i]);
        for (size_t k = 0; k < done && !same; k++)
            same = list[k]->service.port == list[i]->service.port &&
                   !strcmp(targets[k], targets[done]);
        if (same)
            continue;
        enum reply_result rv = done < max ? add_srv(q, list[i], targets[done]) : REPLY_FULL;
        q->r.truncated |= rv == REPLY_FULL;
        if (rv == REPLY_FULL)
            break;
        if (rv == REPLY_OK)
            list[done++] = list[i]; /* what is behind i has been looked at */
    }
    for (size_t i = 0; i < done; i++) {
        bool seen = false, seen_node = false;
        for (size_t k = 0; k < i; k++) {
            seen |= !strcmp(targets[k], targets[i]);
            seen_node |= !strcmp(list[k]->node.node, list[i]->node.node);
        }
        if (!seen)
            add_target(q, list[i], targets[i]);
        if (!seen_node && list[i]->node.meta.n)
            add_meta(q, node_name(q, list[i]->node.node), &list[i]->node, REPLY_ADDITIONAL,
                     q->c->service_ttl_s);
    }
}

/* One CNAME at most, and only when no instance has an address (RFC 1034 3.6.2). */
static void answer_addresses(struct query *q, instance_ptr *list, size_t n)
{
    struct address {
        uint8_t ip[16];
        size_t len;
    } *seen = ARENA_ARRAY(q->a, struct address, n);
    size_t max = q->small ? UDP_PLAIN_LIMIT : n, done = 0;
    bool any_ip = false;
    for (size_t i = 0; i < n; i++) {
        struct address *x = &seen[done];
        uint8_t ip[16];
        bool same = false;
        any_ip |= read_ip(catalog_instance_address(list[i]), ip) != 0;
        memset(x, 0, sizeof(*x));
        x->len = instance_ip(q, list[i], x->ip);
        for (size_t k = 0; k < done && !same; k++)
            same = seen[k].len == x->len && !memcmp(seen[k].ip, x->ip, x->len);
        if (!x->len || same)
            continue;
        if (done == max || reply_address(&q->r, q->section, q->owner, q->c->service_ttl_s, x->ip,
                                         x->len) == REPLY_FULL) {
            q->r.truncated |= !q->depth;
            break;
        }
        done++;
    }
    for (size_t i = 0; i < n && !any_ip; i++)
        if (!str_is_empty(catalog_instance_address(list[i]))) {
            add_cname(q, catalog_instance_address(list[i]), q->c->service_ttl_s);
            break;
        }
}

static void answer_service(struct query *q, const char *service, const char *tag)
{
    struct catalog_instances all;
    const char *name;
    if (catalog_service_find_nocase(q->t, service, q->a, &name) ||
        catalog_service_instances(q->t, name, q->a, &all)) {
        not_found(q);
        return;
    }
    instance_ptr *list = ARENA_ARRAY(q->a, instance_ptr, all.n + 1);
    size_t n = choose(q, &all, tag, list);
    if (!n) {
        not_found(q);
        return;
    }
    if (q->type == LDNS_RR_TYPE_SRV)
        answer_srv(q, list, n);
    else if (wants_addresses(q))
        answer_addresses(q, list, n);
    if (!q->r.counts[REPLY_ANSWER])
        add_soa(q); /* the name is there, the type is not */
}

/* --- from addresses to names ----------------------------------------------------------------- */

/* Rows are unpacked only when they hold the address's text: a question walks the whole table. */
static bool row_holds(const struct store_cursor *c, const char *text)
{
    return memmem(c->val.data, c->val.len, text, strlen(text)) != NULL;
}

static char *find_node_at(struct query *q, const char *ip)
{
    struct store_cursor c;
    char *found = NULL;
    for (store_scan(q->t, &catalog_table_nodes, NULL, 0, &c); store_cursor_valid(&c) && !found;
         store_next(&c)) {
        struct catalog_node n;
        if (row_holds(&c, ip) &&
            !rec_unpack(&catalog_node_desc, c.val.data, c.val.len, q->a, &n, NULL) &&
            str_eq(n.address, ip))
            found = node_name(q, n.node);
    }
    store_cursor_close(&c);
    return found;
}

static char *find_service_at(struct query *q, const char *ip)
{
    struct store_cursor c;
    char *found = NULL;
    for (store_scan(q->t, &catalog_table_services, NULL, 0, &c); store_cursor_valid(&c) && !found;
         store_next(&c)) {
        struct catalog_service s;
        if (row_holds(&c, ip) &&
            !rec_unpack(&catalog_service_desc, c.val.data, c.val.len, q->a, &s, NULL) &&
            str_eq(s.address, ip))
            found =
                arena_printf(q->a, "%s.service.%s.%s", s.service, q->c->datacenter, q->c->domain);
    }
    store_cursor_close(&c);
    return found;
}

static void answer_reverse(struct query *q, const struct name *n)
{
    char ip[INET6_ADDRSTRLEN] = "";
    char *name = NULL;
    if (n->ip_len) {
        inet_ntop(n->ip_len == 4 ? AF_INET : AF_INET6, n->ip, ip, sizeof(ip));
        name = find_node_at(q, ip);
        if (!name)
            name = find_service_at(q, ip);
    }
    if (name)
        reply_name(&q->r, REPLY_ANSWER, q->owner, LDNS_RR_TYPE_PTR, 0, name);
    else
        not_found(q);
}

/* --- the zone -------------------------------------------------------------------------------- */

static void add_server(struct query *q, enum reply_section section, const struct catalog_node *n)
{
    uint8_t ip[16];
    size_t len = read_ip(n->address, ip);
    const char *name = node_name(q, n->node);
    if (reply_name(&q->r, section, q->c->domain, LDNS_RR_TYPE_NS, q->c->node_ttl_s, name) ==
            REPLY_OK &&
        len)
        reply_address(&q->r, REPLY_ADDITIONAL, name, q->c->node_ttl_s, ip, len);
}

/* The servers are the instances of "consul"; without any, this agent's node. Address records come
 * last, so the NS records are written first. */
static void add_servers(struct query *q, enum reply_section section)
{
    struct catalog_instances all = {NULL, 0};
    struct catalog_node own;
    const struct catalog_node *nodes[MAX_SERVERS];
    size_t n = 0;
    if (!catalog_service_instances(q->t, "consul", q->a, &all)) {
        instance_ptr *list = ARENA_ARRAY(q->a, instance_ptr, all.n + 1);
        size_t usable = choose(q, &all, NULL, list);
        for (; n < usable && n < MAX_SERVERS; n++)
            nodes[n] = &list[n]->node;
    }
    if (!n && !catalog_node_get(q->t, q->c->node_name, q->a, &own))
        nodes[n++] = &own;
    for (size_t i = 0; i < n; i++)
        add_server(q, section, nodes[i]);
}

void lookup_zone(struct query *q)
{
    bool soa = q->type == LDNS_RR_TYPE_SOA;
    if (soa)
        reply_soa(&q->r, REPLY_ANSWER, (uint32_t)time(NULL));
    add_servers(q, soa ? REPLY_AUTHORITY : REPLY_ANSWER);
}

void lookup_name(struct query *q, const struct name *n)
{
    switch (n->kind) {
    case NAME_SERVICE:
        answer_service(q, n->service, n->tag);
        break;
    case NAME_NODE:
        answer_node(q, n->node);
        break;
    case NAME_ADDR:
        answer_addr(q, n);
        break;
    case NAME_REVERSE:
        answer_reverse(q, n);
        break;
    case NAME_UNKNOWN:
    case NAME_FOREIGN:
        not_found(q);
    }
}
