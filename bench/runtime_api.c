/* The platform's side of the benchmark, for as little CPU as a kernel allows: bench/runtime_api.py in C.

   What it sends, takes and checks is described there, and so are the lines on stdin and stdout; a test
   runs the same conversation with both. Compiled on the spot by bench/server.py where a compiler is. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { RECEIVE_BYTES = 256 * 1024, GO_BUFFER_BYTES = 2048, HEAD_BYTES = 64 * 1024, SERIAL_DIGITS = 12, PARTS = 8 };

static const char ACCEPTED[] =
    "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nDate: Mon, 01 Jun 2026 12:00:00 GMT\r\n"
    "Content-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";
static const char BEFORE_SERIAL[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-";
static const char AFTER_SERIAL[] =
    "\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n"
    "Lambda-Runtime-Invocation-Id: 0f7c8d1e-3a52-4b7e-8c55-2d1f6a90b3e4\r\n"
    "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:012345678912:function:bench\r\n"
    "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n"
    "Date: Mon, 01 Jun 2026 12:00:00 GMT\r\n";

struct lane {
    struct lane *next;
    int socket;
    int polling;
    int owes;         /* an event is out and unanswered */
    long body_left;   /* of the answer that is coming in */
    size_t kept;      /* bytes of a head that is not whole yet */
    char *inbox;
    char *event;      /* head and, if small, body; the serial is written over */
    struct iovec outbox[PARTS];
    int parts;
};

static struct lane *lanes;
static char *body;
static size_t body_bytes, event_bytes;
static char *event_template;
static int epoll_fd, expected_lanes, announced = 0;
static long left, unanswered, served, errors, serial;
static long long began, ended, cpu_began;
static char receive_buffer[RECEIVE_BYTES + HEAD_BYTES];

static void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

static long long now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void load_event(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) die("%s: %s", path, strerror(errno));
    fseek(file, 0, SEEK_END);
    size_t size = ftell(file);
    rewind(file);
    int framed = size > GO_BUFFER_BYTES; /* what Go's server holds back to count; more goes out as a chunk */
    static const char END[] = "\r\n0\r\n\r\n";
    body_bytes = size + (framed ? sizeof END - 1 : 0);
    body = malloc(body_bytes + 1);
    if (fread(body, 1, size, file) != size) die("%s: cannot be read", path);
    fclose(file);
    if (framed) memcpy(body + size, END, sizeof END - 1);
    const char *length = framed ? "Transfer-Encoding: chunked\r\n\r\n%zx\r\n" : "Content-Length: %zu\r\n\r\n";
    event_template = malloc(2048 + GO_BUFFER_BYTES);
    event_bytes = sprintf(event_template, "%s%0*d%s", BEFORE_SERIAL, SERIAL_DIGITS, 0, AFTER_SERIAL);
    event_bytes += sprintf(event_template + event_bytes, length, size);
    if (!framed) {
        memcpy(event_template + event_bytes, body, body_bytes);
        event_bytes += body_bytes;
        body_bytes = 0;
    }
}

static void watch(struct lane *lane, int operation, unsigned events)
{
    struct epoll_event wanted = {.events = events, .data.ptr = lane};
    if (epoll_ctl(epoll_fd, operation, lane->socket, &wanted)) die("epoll_ctl: %s", strerror(errno));
}

static void flush_outbox(struct lane *lane)
{
    while (lane->parts) {
        ssize_t sent = writev(lane->socket, lane->outbox, lane->parts);
        if (sent < 0) {
            if (errno == EAGAIN) return;
            lane->parts = 0; /* the reading side will hear of it */
            return;
        }
        int done = 0;
        while (done < lane->parts && (size_t)sent >= lane->outbox[done].iov_len) sent -= lane->outbox[done++].iov_len;
        lane->parts -= done;
        memmove(lane->outbox, lane->outbox + done, lane->parts * sizeof *lane->outbox);
        if (lane->parts) {
            lane->outbox[0].iov_base = (char *)lane->outbox[0].iov_base + sent;
            lane->outbox[0].iov_len -= sent;
        }
    }
}

static void put(struct lane *lane, const void *first, size_t first_bytes, const void *second, size_t second_bytes)
{
    int waiting = lane->parts > 0;
    if (!waiting && !second_bytes) {
        ssize_t sent = send(lane->socket, first, first_bytes, MSG_NOSIGNAL);
        if (sent == (ssize_t)first_bytes) return;
        if (sent > 0) first = (const char *)first + sent, first_bytes -= sent;
    }
    if (lane->parts + 2 > PARTS) die("a client sends more than it reads");
    lane->outbox[lane->parts++] = (struct iovec){(void *)first, first_bytes};
    if (second_bytes) lane->outbox[lane->parts++] = (struct iovec){(void *)second, second_bytes};
    if (waiting) return;
    flush_outbox(lane);
    if (lane->parts) watch(lane, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

static void announce_if_idle(void)
{
    int waiting = 0;
    for (struct lane *lane = lanes; lane; lane = lane->next) waiting += lane->polling;
    if (announced || unanswered || waiting != expected_lanes) return;
    announced = 1;
    printf("idle {\"invocations\": %ld, \"errors\": %ld, \"wall_ns\": %lld, \"server_cpu_ns\": %lld, \"ended_ns\": %lld}\n",
           served, errors, ended - began, now(CLOCK_PROCESS_CPUTIME_ID) - cpu_began, ended);
    fflush(stdout);
}

static void poll_event(struct lane *lane)
{
    lane->polling = !left;
    if (lane->polling) {
        announce_if_idle();
        return;
    }
    left--;
    long rest = ++serial;
    char *digits = lane->event + sizeof BEFORE_SERIAL - 1;
    for (int place = SERIAL_DIGITS - 1; place >= 0; place--, rest /= 10) digits[place] = '0' + rest % 10;
    lane->owes = 1;
    put(lane, lane->event, event_bytes, body, body_bytes);
}

static void accept_answer(struct lane *lane)
{
    put(lane, ACCEPTED, sizeof ACCEPTED - 1, NULL, 0);
    if (!--unanswered) ended = now(CLOCK_MONOTONIC);
}

/* Checks whose answer it is, and returns how long its body is. */
static long begin_post(struct lane *lane, char *head, char *end)
{
    char *stop = memmem(head, end - head, " HTTP/1.1", 9);
    if (!stop) die("no request: %.*s", (int)(end - head), head);
    if (stop - head < 9 || memcmp(stop - 9, "/response", 9)) errors++;
    if (served) {
        if (!lane->owes || !memmem(head, stop - head, lane->event + sizeof BEFORE_SERIAL - 2, SERIAL_DIGITS + 1))
            die("%.*s answers another event than it was given", (int)(stop - head), head);
    }
    lane->owes = 0;
    for (char *line = stop; (line = memmem(line, end - line, "\r\n", 2)); line += 2)
        if (!strncasecmp(line + 2, "content-length:", 15)) return strtol(line + 17, NULL, 10);
    die("a POST without a Content-Length: %.*s", (int)(end - head), head);
    return 0;
}

/* Takes requests out of the bytes, as many as are whole; a body is counted, not kept. */
static void feed(struct lane *lane, char *data, long bytes)
{
    if (lane->body_left) {
        long taken = bytes < lane->body_left ? bytes : lane->body_left;
        lane->body_left -= taken;
        if (lane->body_left) return;
        accept_answer(lane);
        data += taken, bytes -= taken;
    }
    while (bytes) {
        char *end = memmem(data, bytes, "\r\n\r\n", 4);
        if (!end) {
            if (bytes > HEAD_BYTES) die("a head without an end");
            memcpy(lane->inbox, data, bytes);
            lane->kept = bytes;
            return;
        }
        char *rest = end + 4;
        bytes -= rest - data;
        if (!memcmp(data, "GET ", 4)) {
            poll_event(lane);
        } else {
            long length = begin_post(lane, data, end + 2);
            if (bytes < length) {
                lane->body_left = length - bytes;
                return;
            }
            rest += length, bytes -= length;
            accept_answer(lane);
        }
        data = rest;
    }
}

static void welcome(int listener)
{
    struct lane *lane = calloc(1, sizeof *lane);
    lane->socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (lane->socket < 0) die("accept: %s", strerror(errno));
    int on = 1;
    setsockopt(lane->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    lane->inbox = malloc(HEAD_BYTES);
    lane->event = malloc(event_bytes);
    memcpy(lane->event, event_template, event_bytes);
    lane->next = lanes;
    lanes = lane;
    watch(lane, EPOLL_CTL_ADD, EPOLLIN);
}

static void dismiss(struct lane *lane)
{
    struct lane **place = &lanes;
    while (*place != lane) place = &(*place)->next;
    *place = lane->next;
    close(lane->socket);
    free(lane->inbox);
    free(lane->event);
    free(lane);
}

static void attend(struct lane *lane, unsigned events)
{
    if (events & EPOLLOUT) {
        flush_outbox(lane);
        if (!lane->parts) watch(lane, EPOLL_CTL_MOD, EPOLLIN);
    }
    if (!(events & ~(unsigned)EPOLLOUT)) return;
    size_t kept = lane->kept;
    ssize_t bytes = recv(lane->socket, receive_buffer + kept, RECEIVE_BYTES, 0);
    if (bytes < 0 && errno == EAGAIN) return;
    if (bytes <= 0) {
        dismiss(lane);
        return;
    }
    if (kept) memcpy(receive_buffer, lane->inbox, kept);
    lane->kept = 0;
    feed(lane, receive_buffer, bytes + kept);
}

/* Hands out so many events, to the lanes that wait first. */
static void start(long count)
{
    left = unanswered = served = count;
    errors = announced = 0;
    cpu_began = now(CLOCK_PROCESS_CPUTIME_ID);
    began = now(CLOCK_MONOTONIC);
    for (struct lane *lane = lanes; lane; lane = lane->next)
        if (lane->polling) poll_event(lane);
}

int main(int argc, char **argv)
{
    if (argc != 3) die("usage: runtime_api EVENT_FILE LANES");
    load_event(argv[1]);
    expected_lanes = atoi(argv[2]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 128)) die("bind: %s", strerror(errno));
    getsockname(listener, (struct sockaddr *)&address, &size);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct lane door = {.socket = listener}, control = {.socket = 0};
    watch(&door, EPOLL_CTL_ADD, EPOLLIN);
    watch(&control, EPOLL_CTL_ADD, EPOLLIN);
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event ready[64];
        int count = epoll_wait(epoll_fd, ready, 64, -1);
        for (int number = 0; number < count; number++) {
            struct lane *lane = ready[number].data.ptr;
            if (lane == &door) {
                welcome(listener);
            } else if (lane == &control) {
                char line[100];
                ssize_t bytes = read(0, line, sizeof line - 1);
                if (bytes <= 0) return 0;
                line[bytes] = 0;
                start(strtol(line + strcspn(line, " "), NULL, 10));
            } else {
                attend(lane, ready[number].events);
            }
        }
    }
}
