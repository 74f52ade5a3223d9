/** How programs call Linux: `ia32` are 32-bit programs on x64. */
export type CallingConvention = 'x64' | 'ia32' | 'arm64'

const conventions: readonly CallingConvention[] = ['x64', 'ia32', 'arm64']
const none = undefined

/**
 * Numbers of the system calls that functions must not make, for x64, ia32 and arm64 (`asm/unistd_64.h`, `asm/unistd_32.h` and
 * `asm-generic/unistd.h` of Linux). They are those that the default profile of container engines denies a container without
 * capabilities: they change the machine, open large parts of the kernel to attackers, or make namespaces.
 */
const denied: readonly (readonly [name: string, numbers: readonly (number | undefined)[]])[] = [
  ['acct', [163, 51, 89]],
  ['add_key', [248, 286, 217]],
  ['bpf', [321, 357, 280]],
  ['clock_settime', [227, 264, 112]],
  ['create_module', [174, 127, none]],
  ['delete_module', [176, 129, 106]],
  ['fanotify_init', [300, 338, 262]],
  ['finit_module', [313, 350, 273]],
  ['fsconfig', [431, 431, 431]],
  ['fsmount', [432, 432, 432]],
  ['fsopen', [430, 430, 430]],
  ['fspick', [433, 433, 433]],
  ['get_kernel_syms', [177, 130, none]],
  ['get_mempolicy', [239, 275, 236]],
  ['init_module', [175, 128, 105]],
  ['io_uring_enter', [426, 426, 426]],
  ['io_uring_register', [427, 427, 427]],
  ['io_uring_setup', [425, 425, 425]],
  ['ioperm', [173, 101, none]],
  ['iopl', [172, 110, none]],
  ['kcmp', [312, 349, 272]],
  ['kexec_file_load', [320, none, 294]],
  ['kexec_load', [246, 283, 104]],
  ['keyctl', [250, 288, 219]],
  ['lookup_dcookie', [212, 253, 18]],
  ['mbind', [237, 274, 235]],
  ['migrate_pages', [256, 294, 238]],
  ['mount', [165, 21, 40]],
  ['mount_setattr', [442, 442, 442]],
  ['move_mount', [429, 429, 429]],
  ['move_pages', [279, 317, 239]],
  ['nfsservctl', [180, 169, 42]],
  ['open_by_handle_at', [304, 342, 265]],
  ['open_tree', [428, 428, 428]],
  ['perf_event_open', [298, 336, 241]],
  ['pidfd_getfd', [438, 438, 438]],
  ['pivot_root', [155, 217, 41]],
  ['process_madvise', [440, 440, 440]],
  ['query_module', [178, 167, none]],
  ['quotactl', [179, 131, 60]],
  ['quotactl_fd', [443, 443, 443]],
  ['reboot', [169, 88, 142]],
  ['request_key', [249, 287, 218]],
  ['set_mempolicy', [238, 276, 237]],
  ['set_mempolicy_home_node', [450, 450, 450]],
  ['setdomainname', [171, 121, 162]],
  ['sethostname', [170, 74, 161]],
  ['setns', [308, 346, 268]],
  ['settimeofday', [164, 79, 170]],
  ['stime', [none, 25, none]],
  ['swapoff', [168, 115, 225]],
  ['swapon', [167, 87, 224]],
  ['sysfs', [139, 135, none]],
  ['sysctl', [156, 149, none]],
  ['syslog', [103, 103, 116]],
  ['umount', [none, 22, none]],
  ['umount2', [166, 52, 39]],
  ['unshare', [272, 310, 97]],
  ['uselib', [134, 86, none]],
  ['userfaultfd', [323, 374, 282]],
  ['ustat', [136, 62, none]],
  ['vhangup', [153, 111, 58]],
  ['vm86', [none, 166, none]],
  ['vm86old', [none, 113, none]],
  ['vserver', [236, 273, none]],
]

/** The numbers of the denied system calls. */
export function deniedCalls(convention: CallingConvention): number[] {
  const column = conventions.indexOf(convention)
  return denied.flatMap(([, numbers]) => numbers[column] ?? [])
}

/** System calls that are decided by their first argument. */
export interface ConditionalCalls {
  readonly clone: number
  readonly clone3: number
  readonly personality: number
  readonly socket: number
}

export const conditionalCalls: Readonly<Record<CallingConvention, ConditionalCalls>> = {
  x64: { clone: 56, clone3: 435, personality: 135, socket: 41 },
  ia32: { clone: 120, clone3: 435, personality: 136, socket: 359 },
  arm64: { clone: 220, clone3: 435, personality: 92, socket: 198 },
}
