/** The styles only the settings pages need. */
import 'element-plus/theme-chalk/el-switch.css'
import 'element-plus/theme-chalk/el-progress.css'
import 'element-plus/theme-chalk/el-form.css'
import 'element-plus/theme-chalk/el-form-item.css'
import 'element-plus/theme-chalk/el-popconfirm.css'
