import { removeInstallation } from './installation.ts'

/** Removes the installation before and after a run of the suite. Test files share it in between. */
export default removeInstallation
