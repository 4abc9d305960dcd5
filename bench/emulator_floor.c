/* The floor of an emulator: the least that any program can do between a caller and a runtime. It looks for the
   end of each request and nothing else: no log, no deadline, no identifier of its own, no refusal. What a real
   emulator takes beyond this is its own cost; what this takes is the machine's, the client's and the runtime's.
   With one runtime and another processor it waits awake for what comes soon, as ours does (alertness.py).

   emulator_floor FRONT_PORT API_PORT */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BYTES = 64 * 1024, PEERS = 1024, AWAKE_NS = 300 * 1000, REST_NS = 1000 * 1000 };

struct peer {
    int is_runtime;
    size_t have;
    char *buffer;
    int caller; /* of a runtime's connection: whose event it was given */
};

static struct peer peers[PEERS];
static int parked[PEERS], first_parked, last_parked;       /* runtimes that poll */
static int waiting[PEERS], first_waiting, last_waiting;    /* callers without a lane */
static char bodies[PEERS][1024];
static size_t sizes[PEERS];
static unsigned serial;
static int runtimes;

static void put(int to, const char *data, size_t size)
{
    /* A caller that has left gets nothing. */
    if (send(to, data, size, MSG_NOSIGNAL) > 0 || errno == EPIPE || errno == EBADF || errno == ECONNRESET) return;
    exit(2);
}

static void hand_out(void)
{
    while (first_parked != last_parked && first_waiting != last_waiting) {
        int runtime = parked[first_parked++ % PEERS], caller = waiting[first_waiting++ % PEERS];
        char out[2048];
        int size = snprintf(out, sizeof out,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Lambda-Runtime-Aws-Request-Id: 00000000-0000-4000-8000-%012u\r\n"
            "Lambda-Runtime-Deadline-Ms: 4102444800000\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:012345678912:function:function\r\n"
            "Lambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0\r\n"
            "Content-Length: %zu\r\n\r\n", ++serial, sizes[caller]);
        memcpy(out + size, bodies[caller], sizes[caller]);
        peers[runtime].caller = caller;
        put(runtime, out, size + sizes[caller]);
    }
}

static void answer(int runtime, const char *body, size_t length)
{
    static const char ACCEPTED[] =
        "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";
    char out[BYTES + 200];
    int size = snprintf(out, sizeof out,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", length);
    memcpy(out + size, body, length);
    put(runtime, ACCEPTED, sizeof ACCEPTED - 1);
    put(peers[runtime].caller, out, size + length);
}

static void request(int from, const char *head, const char *body, size_t length)
{
    struct peer *peer = &peers[from];
    if (!peer->is_runtime) {
        if (length > sizeof bodies[0]) exit(3);
        memcpy(bodies[from], body, length);
        sizes[from] = length;
        waiting[last_waiting++ % PEERS] = from;
    } else if (*head == 'G') {
        parked[last_parked++ % PEERS] = from;
    } else {
        answer(from, body, length);
    }
}

static void attend(int from)
{
    struct peer *peer = &peers[from];
    ssize_t bytes = recv(from, peer->buffer + peer->have, BYTES - peer->have, 0);
    if (bytes <= 0) {
        runtimes -= peer->is_runtime;
        close(from);
        return;
    }
    peer->have += bytes;
    char *at = peer->buffer, *end;
    while ((end = memmem(at, peer->buffer + peer->have - at, "\r\n\r\n", 4))) {
        char *length = memmem(at, end - at, "ontent-Length: ", 15);
        if (!length) length = memmem(at, end - at, "ontent-length: ", 15);
        size_t size = length ? strtoul(length + 15, NULL, 10) : 0;
        if (end + 4 + size > peer->buffer + peer->have) break;
        request(from, at, end + 4, size);
        at = end + 4 + size;
    }
    peer->have -= at - peer->buffer;
    memmove(peer->buffer, at, peer->have);
    hand_out();
}

static int listener(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons(port);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) || listen(descriptor, 128)) exit(4);
    return descriptor;
}

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int has_another_processor(void)
{
    cpu_set_t set;
    return !sched_getaffinity(0, sizeof set, &set) && CPU_COUNT(&set) > 1;
}

int main(int count, char **words)
{
    if (count != 3) return 1;
    int front = listener(atoi(words[1])), api = listener(atoi(words[2]));
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = front}, ready[64];
    epoll_ctl(poll, EPOLL_CTL_ADD, front, &event);
    event.data.fd = api;
    epoll_ctl(poll, EPOLL_CTL_ADD, api, &event);
    int may_wait_awake = has_another_processor();
    long long until = 0, rests_until = 0;
    for (;;) {
        int is_awake = may_wait_awake && runtimes == 1 && now() < until && now() >= rests_until;
        int found = epoll_wait(poll, ready, 64, is_awake ? 0 : -1);
        if (!found) {
            if (now() >= until) rests_until = now() + REST_NS;
            continue;
        }
        until = now() + AWAKE_NS;
        for (int index = 0; index < found; index++) {
            int from = ready[index].data.fd;
            if (from != front && from != api) {
                attend(from);
                continue;
            }
            int on = 1, peer = accept(from, NULL, NULL);
            if (peer < 0 || peer >= PEERS) return 5;
            setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            if (!peers[peer].buffer) peers[peer].buffer = malloc(BYTES);
            peers[peer].have = 0;
            peers[peer].is_runtime = from == api;
            runtimes += peers[peer].is_runtime;
            event.data.fd = peer;
            epoll_ctl(poll, EPOLL_CTL_ADD, peer, &event);
        }
    }
}
