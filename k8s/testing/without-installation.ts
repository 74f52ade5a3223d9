import { removeInstallation } from './installation.ts'

/** Before and after a run of the suite: nothing of the manifests is there. Test files share what they bring up in between. */
export default removeInstallation
