import type { V1Container, V1Pod, V1PodSpec, V1SecurityContext } from '@kubernetes/client-node'

interface Controlled {
  readonly metadata: NonNullable<V1Pod['metadata']>
  readonly spec: V1PodSpec
  readonly containers: readonly V1Container[]
}

const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
])
const volumeKinds = new Set([
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'],
])
const seLinuxTypes = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t'])

const every = (test: (context: V1SecurityContext, container: V1Container) => boolean) => {
  return ({ containers }: Controlled) =>
    containers.every((container) => test(container.securityContext ?? {}, container))
}

/** The controls of the Pod Security Standards, baseline and restricted, by their names in Kubernetes' documentation. */
const controls: Readonly<Record<string, (pod: Controlled) => boolean>> = {
  HostProcess: ({ spec, containers }) =>
    [spec, ...containers].every(({ securityContext }) => securityContext?.windowsOptions?.hostProcess !== true),
  'Host Namespaces': ({ spec }) => !spec.hostNetwork && !spec.hostPID && !spec.hostIPC,
  'Privileged Containers': every(({ privileged }) => privileged !== true),
  'Capabilities (baseline)': every(({ capabilities }) => (capabilities?.add ?? []).length === 0),
  'HostPath Volumes': ({ spec }) => (spec.volumes ?? []).every(({ hostPath }) => hostPath === undefined),
  'Host Ports': ({ containers }) =>
    containers.every(({ ports = [] }) => ports.every(({ hostPort }) => hostPort === undefined || hostPort === 0)),
  AppArmor: ({ metadata }) =>
    Object.entries(metadata.annotations ?? {}).every(
      ([name, value]) =>
        !name.startsWith('container.apparmor.security.beta.kubernetes.io/') ||
        /^(runtime\/default|localhost\/.*)$/.test(value),
    ),
  SELinux: ({ spec, containers }) =>
    [spec, ...containers].every(({ securityContext }) => {
      const { type = '', user, role } = securityContext?.seLinuxOptions ?? {}
      return seLinuxTypes.has(type) && user === undefined && role === undefined
    }),
  '/proc Mount Type': every(({ procMount }) => procMount === undefined || procMount === 'Default'),
  Sysctls: ({ spec }) => (spec.securityContext?.sysctls ?? []).every(({ name }) => safeSysctls.has(name)),
  'Volume Types': ({ spec }) =>
    (spec.volumes ?? []).every(({ name: _, ...kinds }) => Object.keys(kinds).every((kind) => volumeKinds.has(kind))),
  'Privilege Escalation': every(({ allowPrivilegeEscalation }) => allowPrivilegeEscalation === false),
  'Running as Non-root': ({ spec, containers }) =>
    containers.every(
      ({ securityContext }) => (securityContext?.runAsNonRoot ?? spec.securityContext?.runAsNonRoot) === true,
    ),
  'Running as Non-root user': ({ spec, containers }) =>
    [spec, ...containers].every(({ securityContext }) => securityContext?.runAsUser !== 0),
  Seccomp: ({ spec, containers }) =>
    containers.every(({ securityContext }) => {
      const type = (securityContext?.seccompProfile ?? spec.securityContext?.seccompProfile)?.type
      return type === 'RuntimeDefault' || type === 'Localhost'
    }),
  'Capabilities (restricted)': every(({ capabilities }) => {
    const isBindAlone = (capabilities?.add ?? []).every((name) => name === 'NET_BIND_SERVICE')
    return capabilities?.drop?.includes('ALL') === true && isBindAlone
  }),
}

/** The controls of the standard `restricted` that a pod violates. */
export function violationsOf({ metadata = {}, spec }: V1Pod): string[] {
  if (spec === undefined) return Object.keys(controls)
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  return Object.entries(controls).flatMap(([name, passes]) => (passes({ metadata, spec, containers }) ? [] : [name]))
}
