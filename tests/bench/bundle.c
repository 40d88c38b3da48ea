#include "bundle.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "failure.h"

/* The time namespace is left out: not every runc has one. */
static const char head[] =
	"{\"ociVersion\": \"1.0.2\",\n"
	"\"process\": {\"terminal\": false, \"user\": {\"uid\": 0, \"gid\": 0},"
	"\n\"args\": [\"/bin/true\"], \"env\": [\"PATH=/bin\"], \"cwd\": \"/\","
	" \"noNewPrivileges\": true,\n\"capabilities\": {";

static const char *const sets[] = {"bounding", "effective", "permitted"};

static const char capabilities[] =
	"[\"CAP_CHOWN\", \"CAP_DAC_OVERRIDE\", \"CAP_FOWNER\", "
	"\"CAP_FSETID\", \"CAP_KILL\", \"CAP_SETGID\", \"CAP_SETUID\", "
	"\"CAP_SETPCAP\", \"CAP_NET_BIND_SERVICE\", \"CAP_NET_RAW\", "
	"\"CAP_SYS_CHROOT\", \"CAP_MKNOD\", \"CAP_AUDIT_WRITE\", "
	"\"CAP_SETFCAP\"]";

static const char mounts[] =
	"\"hostname\": \"bench\", \"mounts\": [\n"
	"{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\","
	" \"options\": [\"nosuid\", \"nodev\", \"noexec\"]},\n"
	"{\"destination\": \"/sys\", \"type\": \"sysfs\", "
	"\"source\": \"sysfs\", "
	"\"options\": [\"nosuid\", \"nodev\", \"noexec\", \"ro\"]},\n"
	"{\"destination\": \"/dev\", \"type\": \"tmpfs\", "
	"\"source\": \"tmpfs\", "
	"\"options\": [\"nosuid\", \"noexec\", \"mode=755\", "
	"\"size=64k\"]},\n"
	"{\"destination\": \"/dev/pts\", \"type\": \"devpts\", "
	"\"source\": \"devpts\", \"options\": [\"nosuid\", \"noexec\", "
	"\"newinstance\", \"ptmxmode=0666\", \"mode=620\"]},\n"
	"{\"destination\": \"/dev/shm\", \"type\": \"tmpfs\", "
	"\"source\": \"tmpfs\", \"options\": [\"nosuid\", \"nodev\", "
	"\"noexec\", \"mode=1777\"]},\n"
	"{\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", "
	"\"source\": \"mqueue\", "
	"\"options\": [\"nosuid\", \"nodev\", \"noexec\"]}],\n";

static const char namespaces[] =
	"\"namespaces\": [{\"type\": \"user\"}, {\"type\": \"pid\"}, "
	"{\"type\": \"mount\"}, {\"type\": \"uts\"}, {\"type\": \"ipc\"}, "
	"{\"type\": \"network\"}, {\"type\": \"cgroup\"}],\n";

static const char masks[] =
	"\"maskedPaths\": [\"/proc/acpi\", \"/proc/asound\", \"/proc/kcore\", "
	"\"/proc/keys\", \"/proc/key-users\", \"/proc/latency_stats\", "
	"\"/proc/sched_debug\", \"/proc/scsi\", \"/proc/timer_list\", "
	"\"/sys/firmware\"],\n"
	"\"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", "
	"\"/proc/sys\", \"/proc/sysrq-trigger\"],\n";

static const char filter[] =
	"\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", "
	"\"syscalls\": [{\"action\": \"SCMP_ACT_ERRNO\", \"names\": ["
	"\"mount\", \"umount2\", \"pivot_root\", \"open_tree\", "
	"\"move_mount\", \"fsopen\", \"fsconfig\", \"fsmount\", \"fspick\", "
	"\"mount_setattr\", \"unshare\", \"setns\", \"swapon\", \"swapoff\", "
	"\"quotactl\", \"bpf\", \"perf_event_open\", \"init_module\", "
	"\"finit_module\", \"delete_module\", \"kexec_load\", \"reboot\", "
	"\"open_by_handle_at\", \"settimeofday\", \"clock_settime\", "
	"\"clock_adjtime\", \"adjtimex\", \"acct\", \"syslog\", "
	"\"userfaultfd\", \"kcmp\", \"add_key\", \"request_key\", "
	"\"keyctl\"]}]}}}\n";

/* A string of JSON; a path may hold anything but NUL. */
static void put_string(FILE *file, const char *text)
{
	putc('"', file);
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			fprintf(file, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			fprintf(file, "\\u%04x", *text);
		else
			putc(*text, file);
	putc('"', file);
}

int write_bundle(const char *dir, const char *rootfs)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/config.json", dir);
	file = fopen(path, "we");
	if (!file)
		return failed("open", "%s", path);
	fputs(head, file);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		fprintf(file, "%s\"%s\": %s", i ? ",\n" : "", sets[i],
			capabilities);
	fputs("}},\n\"root\": {\"path\": ", file);
	put_string(file, rootfs);
	fprintf(file, "},\n%s\"linux\": {", mounts);
	fprintf(file,
		"\"uidMappings\": [{\"containerID\": 0, \"hostID\": %u, "
		"\"size\": 1}],\n\"gidMappings\": [{\"containerID\": 0, "
		"\"hostID\": %u, \"size\": 1}],\n",
		geteuid(), getegid());
	fprintf(file, "%s%s%s", namespaces, masks, filter);
	if (fclose(file) == EOF)
		return failed("write", "%s", path);
	return 0;
}
